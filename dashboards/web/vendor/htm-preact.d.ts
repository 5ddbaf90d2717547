/** What we use of htm/preact/standalone.module.js, which the build copies to vendor/htm-preact.js. */
export function html(strings: TemplateStringsArray, ...values: unknown[]): unknown;
export function render(tree: unknown, parent: Element): void;

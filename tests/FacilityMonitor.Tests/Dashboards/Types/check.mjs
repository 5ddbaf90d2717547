// Checks dashboard files against the types that Grafana publishes: node check.mjs FILE …
// One line a fault, "FILE: what is wrong", and code 1; nothing and code 0 when all is well.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = dirname(fileURLToPath(import.meta.url));
const options = {
  noEmit: true, strict: true, skipLibCheck: true, types: [], lib: ['lib.es2022.d.ts'],
  target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
};

// A literal is checked for members that its type does not have; that is why the JSON is pasted and not imported.
const sources = new Map(process.argv.slice(2).map((file, index) =>
  [join(here, `dashboard-${index}.ts`), { file, text: `import type { DashboardFile } from './grafana';\nexport const file: DashboardFile = ${readFileSync(file, 'utf8')};\n` }]));
if (sources.size === 0) {
  console.log('Usage: node check.mjs FILE …');
  process.exit(2);
}

const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists, readFile } = host;
host.getSourceFile = (name, ...more) => sources.has(name) ? ts.createSourceFile(name, sources.get(name).text, options.target) : getSourceFile(name, ...more);
host.fileExists = (name) => sources.has(name) || fileExists(name);
host.readFile = (name) => sources.get(name)?.text ?? readFile(name);

const faults = ts.getPreEmitDiagnostics(ts.createProgram([...sources.keys()], options, host));
for (const fault of faults) {
  const source = fault.file && sources.get(fault.file.fileName);
  const line = source ? fault.file.getLineAndCharacterOfPosition(fault.start).line : 0;
  console.log(`${source?.file ?? fault.file?.fileName ?? ''}:${line}: ${ts.flattenDiagnosticMessageText(fault.messageText, ' ')}`);
}

process.exit(faults.length > 0 ? 1 : 0);

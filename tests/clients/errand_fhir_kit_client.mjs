// The errand with fhir-kit-client: node errand_fhir_kit_client.mjs, the errand as JSON on stdin.
import { readFileSync } from 'node:fs';
import { Client } from 'fhir-kit-client';

const { base, token, history, flag } = JSON.parse(readFileSync(0, 'utf8'));
const client = new Client({ baseUrl: base, bearerToken: token });
const statusOf = (promise) => promise.then(() => 'done', (error) => error.response.status);

const { fhirVersion } = await client.capabilityStatement();
const { entry } = await client.transaction({ body: history });
const patient = entry.map(({ response }) => response.location.match(/Patient\/([^/]+)/)?.[1]).find(Boolean);

const observations = [];
let page = await client.resourceSearch({ resourceType: 'Observation', searchParams: { patient, _count: 2 } });
while (page) {
  observations.push(...page.entry.map(({ resource }) => resource.id));
  page = await client.nextPage({ bundle: page });
}

const read = await client.read({ resourceType: 'Patient', id: patient });
const created = await client.create({
  resourceType: 'Flag',
  body: { ...flag, subject: { reference: `Patient/${patient}` } },
});
const { id } = created;
const changed = await client.update({ resourceType: 'Flag', id, body: { ...created, status: 'inactive' } });
const stale = await statusOf(client.update({ resourceType: 'Flag', id, body: { ...created, status: 'entered-in-error' } }));
const missing = await statusOf(client.read({ resourceType: 'Flag', id: 'never-was' }));

console.log(JSON.stringify({
  fhirVersion,
  loaded: entry.map(({ response }) => response.status),
  observations,
  family: read.name[0].family,
  versions: [created.meta.versionId, changed.meta.versionId],
  status: changed.status,
  stale,
  missing,
}));

// The errand with Medplum's client: node errand_medplum.mjs, the errand as JSON on stdin.
import { readFileSync } from 'node:fs';
import { MedplumClient } from '@medplum/core';

const { base, token, history, flag } = JSON.parse(readFileSync(0, 'utf8'));
const client = new MedplumClient({ baseUrl: base.replace(/fhir$/, ''), fhirUrlPath: 'fhir', accessToken: token, fetch });
const codeOf = (promise) => promise.then(() => 'done', ({ outcome }) => outcome.issue[0].code);

const { fhirVersion } = await client.get(client.fhirUrl('metadata'));
const { entry } = await client.executeBatch(history);
const patient = entry.map(({ response }) => response.location.match(/Patient\/([^/]+)/)?.[1]).find(Boolean);

const observations = [];
for await (const page of client.searchResourcePages('Observation', { patient, _count: 2 })) {
  observations.push(...page.map(({ id }) => id));
}

const read = await client.readResource('Patient', patient);
const created = await client.createResource({ ...flag, subject: { reference: `Patient/${patient}` } });
const changed = await client.updateResource({ ...created, status: 'inactive' });
const stale = await codeOf(client.updateResource({ ...created, status: 'entered-in-error' }));
const missing = await codeOf(client.readResource('Flag', 'never-was'));

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

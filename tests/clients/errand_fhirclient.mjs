// The errand with fhirclient, as a server-side app uses it: node errand_fhirclient.mjs, the errand as JSON on stdin.
import { readFileSync } from 'node:fs';
import smart from 'fhirclient';

const { base, token, history, flag } = JSON.parse(readFileSync(0, 'utf8'));
const request = { headers: {}, url: '/', socket: {} };
const client = smart(request, {}).client({ serverUrl: base, tokenResponse: { access_token: token } });
const statusOf = (promise) => promise.then(() => 'done', (error) => error.status ?? error.statusCode);

const { fhirVersion } = await client.request('metadata');
const { entry } = await client.request({
  url: '',
  method: 'POST',
  body: JSON.stringify(history),
  headers: { 'content-type': 'application/fhir+json' },
});
const patient = entry.map(({ response }) => response.location.match(/Patient\/([^/]+)/)?.[1]).find(Boolean);

const found = await client.request(`Observation?patient=${patient}&_count=2`, { pageLimit: 0, flat: true });
const read = await client.request(`Patient/${patient}`);
const created = await client.create({ ...flag, subject: { reference: `Patient/${patient}` } });
const changed = await client.update({ ...created, status: 'inactive' });
const stale = await statusOf(client.update({ ...created, status: 'entered-in-error' }));
const missing = await statusOf(client.request('Flag/never-was'));

console.log(JSON.stringify({
  fhirVersion,
  loaded: entry.map(({ response }) => response.status),
  observations: found.map(({ id }) => id),
  family: read.name[0].family,
  versions: [created.meta.versionId, changed.meta.versionId],
  status: changed.status,
  stale,
  missing,
}));

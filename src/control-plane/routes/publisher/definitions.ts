/** OpenAPI definitions: imported, checked, shown, replaced. */
import { randomUUID } from 'node:crypto';
import { findApiDefinition } from '../../../adapters/stores/apis.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { seconds } from '../../deps.ts';
import type { OpenAPIDefinitionValidationResponse } from '../../rest/definitions/publisher.ts';
import { requireMatch, tagged } from '../../rest/entity-tag.ts';
import { created, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { requireApi } from '../../services/apis/api-access.ts';
import { contextOf, fromForm, newApi } from '../../services/apis/api-from-form.ts';
import { addApi, changeApi } from '../../services/apis/write-api.ts';
import { definitionProblems, requireKept } from '../../services/definitions/check-definition.ts';
import { settingsOf } from '../../services/definitions/extensions.ts';
import { operationsOf } from '../../services/definitions/operations-of.ts';
import { definitionText, errorOf, readApart, readDefinition } from '../../services/definitions/read-definition.ts';
import { toForm } from './api-form.ts';
import { providerOf } from './apis.ts';
import { readApiForm } from './read-api-form.ts';

export const definitions: Operations = {
  'POST /apis/import-openapi': async (call, deps) => {
    const document = await readDefinition(given(call), call.caller.fullName, deps.privateAddresses);
    const { title, version, description } = document;
    const { operations, scopes, tier } = operationsOf(document);
    const form = readApiForm(call.form.text('additionalProperties'), 'additionalProperties', {
      name: title.replace(/\s+/g, ''),
      version,
      description,
      ...(tier !== null && { apiThrottlingPolicy: tier }),
      ...settingsOf(document),
    });
    const { caller } = call;
    const now = seconds(deps.clock);
    const before = {
      ...newApi(form, randomUUID(), await providerOf(form, caller, deps), now),
      operations,
      scopes,
    };
    const api = fromForm(form, before, { seal: deps.seal, tenant: caller.tenant, now });
    requireKept(document, api);
    const written = await addApi(deps, caller, api, { ...document.raw });
    return created(toForm(written), `${call.base}/apis/${api.id}`);
  },

  'POST /apis/validate-openapi': async (call, { store, privateAddresses }) => {
    const said = given(call);
    let text: string;
    try {
      text = await definitionText(said, privateAddresses);
    } catch (error) {
      // What an address doesn't give is no definition; to give nothing at all is a mistake of the call.
      if (!(error instanceof RestError) || !said.url) throw error;
      return ok({ isValid: false, errors: [{ code: '/', message: error.message }] });
    }
    const { document, problems } = await readApart(text, said.name || said.url || 'definition', call.caller.fullName);
    const wrong = document ? await definitionProblems(store.db, document, call.caller.tenant) : [];
    const errors = [...problems.filter(({ severity }) => severity === 'error').map(errorOf), ...wrong];
    const answer: OpenAPIDefinitionValidationResponse = {
      isValid: errors.length === 0,
      // What was fetched is shown only as far as it is a definition: anything else is nobody's business.
      ...(document && call.query<boolean>('returnContent') === true && { content: text }),
      ...(document && {
        info: {
          name: document.title,
          version: document.version,
          context: document.basePath || contextOf(document.title.replace(/\s+/g, '').toLowerCase()),
          description: document.description,
          openAPIVersion: document.openapi,
          endpoints: [...document.servers],
        },
      }),
      errors,
    };
    return ok(answer);
  },

  'GET /apis/{apiId}/swagger': async (call, { store }) => {
    const { id } = await requireApi(store.db, call.caller, call.param('apiId'));
    const text = await findApiDefinition(store.db, id);
    return tagged({ ...ok(text), type: 'application/json' }, text);
  },

  'PUT /apis/{apiId}/swagger': async (call, deps) => {
    const said = given(call);
    const text = said.text ?? call.form.text('apiDefinition');
    const document = await readDefinition({ ...said, text }, call.caller.fullName, deps.privateAddresses);
    const id = call.param('apiId');
    await changeApi(deps, call.caller, id, async (before, tx) => {
      requireMatch(call, await findApiDefinition(tx.db, id));
      const { tier, ...others } = operationsOf(document, before.scopes);
      requireKept(document, before);
      const apiThrottlingPolicy = tier ?? before.apiThrottlingPolicy;
      const api = { ...before, ...others, apiThrottlingPolicy, updatedAt: seconds(deps.clock) };
      return { api, definition: { ...document.raw } };
    });
    const kept = await findApiDefinition(deps.store.db, id);
    return tagged({ ...ok(kept), type: 'application/json' }, kept);
  },
};

function given({ form }: RestCall): { text?: string | undefined; url?: string | undefined; name?: string | undefined } {
  return { text: form.text('file'), url: form.text('url'), name: form.file('file')?.name };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RestError } from '../../platform/rest-error.ts';
import type { Definition, OperationDefinition } from './definition.ts';
import { checksOf } from './validation.ts';

const definition: Definition = {
  name: 'publisher',
  operations: [],
  schemas: {
    Pet: {
      type: 'object',
      required: ['name', 'gone'],
      properties: {
        name: { type: 'string' },
        age: { type: 'integer', format: 'int32' },
        tags: { type: 'array', items: { type: 'string' } },
        kind: { type: 'string', enum: ['CAT', 'DOG'], default: 'CAT' },
        owner: { $ref: '#/definitions/Owner' },
        attributes: { type: 'object', additionalProperties: { type: 'string' } },
        free: { type: 'object' },
      },
    },
    Owner: { type: 'object', properties: { mail: { type: 'string' } } },
    Base: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
    Derived: { allOf: [{ $ref: '#/definitions/Base' }, { type: 'object', properties: { more: { type: 'string' } } }] },
  },
};

const operation = (schema: string): OperationDefinition => ({
  method: 'POST',
  path: '/pets',
  scopes: null,
  parameters: [
    { name: 'limit', in: 'query', required: false, schema: { type: 'integer', default: 25 } },
    { name: 'action', in: 'query', required: true, schema: { type: 'string' } },
  ],
  body: { required: true, schema: { $ref: `#/definitions/${schema}` } },
  form: [],
  responses: {},
});

const body = (given: unknown, schema = 'Pet') => checksOf(definition)(operation(schema)).body(given);

test('a body gets the types and defaults of its schema', () => {
  assert.deepEqual(body({ name: 'Tom', age: '7', tags: 'grey' }), { name: 'Tom', age: 7, tags: ['grey'], kind: 'CAT' });
});

test('null says nothing, wherever it stands', () => {
  assert.deepEqual(body({ name: 'Tom', age: null, owner: { mail: null }, tags: ['a', null] }), {
    name: 'Tom',
    kind: 'CAT',
    owner: {},
    tags: ['a'],
  });
});

test('a field that nobody knows is refused, unless it is empty', () => {
  assert.deepEqual(body({ name: 'Tom', sequences: [], wsdlUri: '', other: {} }), { name: 'Tom', kind: 'CAT' });
  assert.throws(() => body({ name: 'Tom', nam: 'x' }), /^RestError: body: unknown field "nam"/);
  assert.throws(() => body({ name: 'Tom', owner: { male: 'x' } }), /body\/owner: unknown field "male"/);
});

test('objects that are free stay free', () => {
  const free = { anything: [1], goes: { here: true } };
  assert.deepEqual(body({ name: 'Tom', attributes: { a: 'b' }, free }), {
    name: 'Tom',
    attributes: { a: 'b' },
    free,
    kind: 'CAT',
  });
});

test('400 that names everything that is wrong', () => {
  const wrong = { age: 'old', kind: 'COW' };
  assert.throws(
    () => body(wrong),
    (error: RestError) => {
      assert.equal(error.status, 400);
      assert.deepEqual(error.items.map(({ message }) => message).sort(), [
        'body/age: expected integer',
        'body/kind: expected one of CAT, DOG',
        'body: the field "name" is missing',
      ]);
      return true;
    },
  );
});

test('400 for text that can not be kept', () => {
  for (const name of ['a\0', 'a\ud800']) {
    assert.throws(() => body({ name }), /body\/name: .* NUL/);
    assert.throws(() => body({ name: 'Tom', free: { deep: [name] } }), /body\/free\/deep\/0: .* NUL/);
  }
});

test('400 for a body that is too deep or too wide to be checked soon', () => {
  let deep: unknown = 'x';
  for (let level = 0; level < 5000; level++) deep = { a: deep };
  assert.throws(() => body({ name: 'Tom', free: deep }), /deeper than 50/);
  assert.throws(() => body({ name: 'Tom', tags: Array(201).fill('x') }), /body\/tags: got 201 entries; .* at most 200/);
  assert.doesNotThrow(() => body({ name: 'Tom', tags: Array(200).fill('x') }));
  const wide = Object.fromEntries(Array.from({ length: 201 }, (_, at) => [at, 'x']));
  assert.throws(() => body({ name: 'Tom', attributes: wide }), /body\/attributes: got 201 entries/);
  const operations = Array(5001).fill('x');
  assert.throws(() => body({ name: 'Tom', free: { operations } }), /5001 entries; expected at most 5000/);
});

test('400 that names 20 of all errors', () => {
  assert.throws(
    () => body({ name: 'Tom', tags: Array(100).fill({}) }),
    (error: RestError) => error.items.length === 20 && /; and 80 more$/.test(error.message),
  );
});

test('what is required but is no field is nobody’s to send', () => {
  assert.doesNotThrow(() => body({ name: 'Tom' }));
});

test('a schema of several parts takes the fields of all of them', () => {
  assert.deepEqual(body({ id: 'x', more: 'y' }, 'Derived'), { id: 'x', more: 'y' });
  assert.throws(() => body({ more: 'y' }, 'Derived'), /"id" is missing/);
  assert.throws(() => body({ id: 'x', mroe: 'y' }, 'Derived'), /body: unknown field "mroe"/);
});

test('400 when there is no body, or none that is an object', () => {
  for (const given of [undefined, null]) assert.throws(() => body(given), /The body is missing/);
  for (const given of ['text', 7, [{}]]) assert.throws(() => body(given), RestError);
});

test('query parameters get types and defaults; one that is missing or wrong is named', () => {
  const { query } = checksOf(definition)(operation('Pet'));
  const given: Record<string, unknown> = { action: 'x', limit: '7', unknown: 'stays' };
  query(given);
  assert.deepEqual(given, { action: 'x', limit: 7, unknown: 'stays' });
  const bare: Record<string, unknown> = { action: 'x' };
  query(bare);
  assert.equal(bare.limit, 25);
  assert.throws(() => query({}), /query: the field "action" is missing/);
  assert.throws(() => query({ action: 'x', limit: 'many' }), /query\/limit: expected integer/);
});

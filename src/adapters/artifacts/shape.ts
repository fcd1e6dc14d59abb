/** What a value has to be like, and where in it that is not so: for files that something else may have made. */

/** JSON pointer of what is not as it has to be; null = all is well. */
export type Shape = (value: unknown) => string | null;

export const text: Shape = (value) => (typeof value === 'string' ? null : '');
export const flag: Shape = (value) => (typeof value === 'boolean' ? null : '');
export const object: Shape = (value) => (isObject(value) ? null : '');

export function whole(min: number): Shape {
  return (value) => (Number.isSafeInteger(value) && (value as number) >= min ? null : '');
}

export function textLike(pattern: RegExp): Shape {
  return (value) => (typeof value === 'string' && pattern.test(value) ? null : '');
}

export function oneOf(choices: readonly unknown[]): Shape {
  return (value) => (choices.includes(value) ? null : '');
}

export function orNull(shape: Shape): Shape {
  return (value) => (value === null ? null : shape(value));
}

export function listOf(shape: Shape): Shape {
  return (value) => {
    if (!Array.isArray(value)) return '';
    for (const [i, item] of value.entries()) {
      const wrong = shape(item);
      if (wrong !== null) return `/${i}${wrong}`;
    }
    return null;
  };
}

/** Members that have to be there, and those that may be. What else there is, is left as it is. */
export function objectOf(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  return (value) => {
    if (!isObject(value)) return '';
    for (const [name, shape] of Object.entries({ ...required, ...optional })) {
      if (!Object.hasOwn(value, name) && Object.hasOwn(optional, name)) continue;
      const wrong = shape(Object.hasOwn(value, name) ? value[name] : undefined);
      if (wrong !== null) return `/${name}${wrong}`;
    }
    return null;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The values that sources gave, at their full names. A later source's value replaces an earlier one's. */

/** A value and where it comes from, as an error says it. */
export interface Value {
  readonly value: unknown;
  readonly where: string;
}

/** What stands at a name: a value, or further names. */
export class Values {
  value: Value | undefined;
  readonly #children = new Map<string, Values>();

  get keys(): string[] {
    return [...this.#children.keys()];
  }

  child(key: string): Values | undefined {
    return this.#children.get(key);
  }

  at(name: readonly string[]): Values | undefined {
    return name.reduce<Values | undefined>((values, key) => values?.child(key), this);
  }

  /** Makes the place of a name. `isCaseless`: it may be there in capital or small letters. */
  make(name: readonly string[], isCaseless = false): Values {
    let values: Values = this;
    for (const key of name) {
      const there =
        isCaseless && !values.#children.has(key)
          ? values.keys.find((known) => known.toLowerCase() === key.toLowerCase())
          : undefined;
      const next = values.child(there ?? key) ?? new Values();
      values.#children.set(there ?? key, next);
      values = next;
    }
    return values;
  }
}

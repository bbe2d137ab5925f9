// What sentences of every language are made with.

export interface Words {
  /** A number with its noun, in the form that the language has for so many. */
  plural: (count: number, one: string, many: string) => string;
  number: (count: number) => string;
  /** Names as in a sentence: Ana, Bo and Zoe. */
  list: (names: string[]) => string;
}

export function wordsOf(locale: string): Words {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  const lists = new Intl.ListFormat(locale, { type: "conjunction" });
  const number = (count: number): string => numbers.format(count);
  return {
    plural: (count, one, many) => `${number(count)} ${rules.select(count) === "one" ? one : many}`,
    number,
    list: (names) => lists.format(names),
  };
}

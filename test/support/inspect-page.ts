/** Functions that run in a browser's page: they see nothing of this file but themselves. */

/** As much of the browser's types as is used; those of all of it would hide Node's. */
interface Shown {
  readonly parentElement: Shown | null;
  readonly textContent: string;
  readonly outerHTML: string;
  readonly name: string;
  readonly labels: { readonly length: number } | null;
  getBoundingClientRect(): { readonly right: number };
}
declare const document: {
  readonly documentElement: { readonly lang: string };
  querySelector(selector: string): Shown;
  querySelectorAll(selector: string): readonly Shown[];
};
declare const window: { readonly innerWidth: number };
declare function getComputedStyle(
  element: Shown,
): Readonly<Record<'color' | 'backgroundColor' | 'letterSpacing', string>>;

export const spacingOfHeading = (): string => getComputedStyle(document.querySelector('h1')).letterSpacing;

/** What is wrong with the page that is shown, for a person who sees it or has it read out. */
export function inspect() {
  const luminance = (colour: string): number => {
    const parts = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    const [red = 0, green = 0, blue = 0] = parts;
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const groundOf = (element: Shown | null): string => {
    for (let at: Shown | null = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (!/, 0\)$|transparent/.test(backgroundColor)) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  /** WCAG 2.2 section 1.4.3. */
  const isFaint = (element: Shown): boolean => {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  };
  const all = [...document.querySelectorAll('main *')];
  const fields = [...document.querySelectorAll('input:not([type=hidden]):not([hidden])')];
  return {
    wide: all
      .filter((one) => one.getBoundingClientRect().right > window.innerWidth + 1)
      .map((one) => one.outerHTML.slice(0, 80)),
    unnamed: fields.filter(({ labels }) => !labels?.length).map(({ name }) => name),
    headings: document.querySelectorAll('h1').length,
    lang: document.documentElement.lang,
    faint: all.filter((one) => one.textContent !== '' && isFaint(one)).map((one) => one.outerHTML.slice(0, 80)),
  };
}

/** Path templates that a gateway can route by: `/order/{orderId}`, `/files/*`. */
import { normalizeSegment } from './normalize-path.ts';

export interface TemplateProblem {
  /** What is wrong, with the template in it. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/**
 * Parameters stand for whole segments, and `*` for everything below. Of anything else the calls would be answered by
 * another, perhaps more open, template.
 *
 * @returns null for a template that can be routed by
 */
export function templateProblem(template: string): TemplateProblem | null {
  if (!template.startsWith('/')) {
    return { message: `the path '${template}' doesn't begin with a slash`, remedy: `write '/${template}'` };
  }
  const segments = segmentsOf(template);
  for (const [i, segment] of segments.entries()) {
    if (/^\{[^{}]+\}$/.test(segment)) continue;
    const cannot = `the gateway can't route by '${template}':`;
    if (/^[^{}]*(\{[^{}]+\}[^{}]*)+$/.test(segment)) {
      const message = `${cannot} in '${segment}' the parameter is only a part between two slashes`;
      return { message, remedy: `make it the whole part, and let the back end read '${segment}' out of it` };
    }
    if (/[{}?#\s]/.test(segment)) {
      const remedy = 'write parameters as {name}, and neither query, fragment nor white space';
      return { message: `'${template}' is no path template`, remedy };
    }
    if (segment.includes('*') && (segment !== '*' || i < segments.length - 1)) {
      const message = `${cannot} '*' stands for all that is below`;
      return { message, remedy: "write it as the last part of the path, '/*', or a parameter" };
    }
    if (segment !== '*' && normalizeSegment(segment) === null) {
      const shown = JSON.stringify(segment);
      const remedy = 'leave out dot segments, encoded slashes, backslashes and control characters';
      return { message: `${cannot} no request can have ${shown} between two slashes`, remedy };
    }
  }
  return null;
}

/**
 * The segments of a template by which a gateway routes: parameters without their names, literals in the form that requests
 * have, none that is empty.
 */
export function routingSegments(template: string): readonly string[] {
  return segmentsOf(template).map((segment) => {
    if (segment === '*') return segment;
    return isParameter(segment) ? parameter : (normalizeSegment(segment) ?? segment);
  });
}

/** Any parameter, as `routingSegments` has it; no literal is written so. */
export const parameter = '{}';

/** Equal for two templates if they are the same for a gateway: `/a/{x}`, `//a/{y}/` and `/%61;v=1/{z}`. */
export function routeOf(template: string): string {
  return `/${routingSegments(template).join('/')}`;
}

const segmentsOf = (template: string): string[] => template.split('/').filter((segment) => segment !== '');

const isParameter = (segment: string): boolean => segment.startsWith('{') && segment.endsWith('}');

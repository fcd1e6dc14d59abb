/** A fault as the answer that the client can read: JSON, XML when it asks for it, a SOAP fault to a SOAP request. */
import type { Cors } from '../../core/api.ts';
import type { Fault } from '../../core/faults.ts';
import type { Field, LocalAnswer, ServerExchange } from '../../wire/wire.ts';
import { corsFields } from '../stages/answer-cors.ts';

/** What of a request decides about the form of its refusal. */
type Asked = Pick<ServerExchange, 'header'>;

export function renderFault(fault: Fault, request: Asked, cors: Cors | null): LocalAnswer {
  const form = formOf(request);
  const fields: Field[] = [['content-type', form.type], ['cache-control', 'no-store'], ...fault.headers];
  if (cors) fields.push(...corsFields(cors, request.header('origin')));
  return { status: fault.kind.status, fields, body: form.write(fault) };
}

/** The same for a request that could not even be read. */
export function renderDefect(fault: Fault): LocalAnswer {
  return renderFault(fault, { header: () => undefined }, null);
}

interface Form {
  readonly type: string;
  readonly write: (fault: Fault) => string;
}

const json: Form = {
  type: 'application/json; charset=utf-8',
  write: ({ kind, description }) => JSON.stringify({ fault: { code: kind.code, message: kind.message, description } }),
};

const xml: Form = {
  type: 'application/xml; charset=utf-8',
  write: ({ kind, description }) =>
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<am:fault xmlns:am="http://wso2.org/apimanager"><am:code>${kind.code}</am:code>` +
    `<am:message>${escapeXml(kind.message)}</am:message><am:description>${escapeXml(description)}</am:description></am:fault>`,
};

const soap11: Form = {
  type: 'text/xml; charset=utf-8',
  write: (fault) =>
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>' +
    `<faultcode>soapenv:Client</faultcode><faultstring>${escapeXml(fault.kind.message)}</faultstring>` +
    `<detail>${faultElement(fault)}</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`,
};

const soap12: Form = {
  type: 'application/soap+xml; charset=utf-8',
  write: (fault) =>
    '<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><env:Fault>' +
    `<env:Code><env:Value>env:Sender</env:Value></env:Code><env:Reason><env:Text xml:lang="en">${escapeXml(fault.kind.message)}` +
    `</env:Text></env:Reason><env:Detail>${faultElement(fault)}</env:Detail></env:Fault></env:Body></env:Envelope>`,
};

const faultElement = ({ kind, description }: Fault): string =>
  `<am:fault xmlns:am="http://wso2.org/apimanager"><am:code>${kind.code}</am:code>` +
  `<am:description>${escapeXml(description)}</am:description></am:fault>`;

function formOf(request: Asked): Form {
  const type = request.header('content-type') ?? '';
  if (type.startsWith('application/soap+xml')) return soap12;
  if (request.header('soapaction') !== undefined && type.startsWith('text/xml')) return soap11;
  const accept = request.header('accept');
  return accept !== undefined && prefersXml(accept) ? xml : json;
}

/** XML only if it is named with a higher weight (RFC 9110 12.5.1) than JSON and everything. */
function prefersXml(accept: string): boolean {
  let xmlWeight = 0;
  let jsonWeight = 0;
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const q = parameters.find((p) => p.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    if (type === 'application/xml' || type === 'text/xml') xmlWeight = Math.max(xmlWeight, weight);
    if (type === 'application/json' || type === '*/*' || type === 'application/*') {
      jsonWeight = Math.max(jsonWeight, weight);
    }
    // A browser says that it takes XML, but means pages.
    if (type === 'text/html') return false;
  }
  return xmlWeight > jsonWeight;
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

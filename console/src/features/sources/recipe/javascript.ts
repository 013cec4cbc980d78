import { type Call, isBasicValue, urlOf } from './call'
import { type Piece, type Signing, usesOf } from './proof'

const literal = (text: string) =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`

/** The call for Node. */
export function javascriptOf(call: Call): string {
  const { proof, body } = call
  return [
    ...imports(call),
    ...(body.kind === 'text' ? [`const body = ${literal(body.text)}`] : []),
    ...(body.kind === 'parts' ? form(body.parts) : []),
    ...(proof.kind === 'sign' ? signing(proof, body.kind === 'text') : []),
    ...(proof.kind === 'show' && !proof.query ? [`const secret = ${literal(proof.secret)}`] : []),
    `const answer = await fetch(${literal(urlOf(call))}, {`,
    `  method: ${literal(call.method)},`,
    '  headers: {',
    ...headersOf(call).map(([name, value]) => `    ${literal(name)}: ${value},`),
    '  },',
    ...(body.kind === 'none' ? [] : ['  body,']),
    '})',
    'console.log(answer.status, await answer.text())',
  ].join('\n')
}

function imports({ proof, body }: Call): string[] {
  const names =
    proof.kind === 'sign' ? ['createHmac', ...(usesOf(proof).has('id') ? ['randomUUID'] : [])] : []
  const lines = [
    ...(names.length > 0 ? [`import { ${names.join(', ')} } from 'node:crypto'`] : []),
    ...(body.kind === 'parts' ? ["import { openAsBlob } from 'node:fs'"] : []),
  ]
  return lines.length > 0 ? [...lines, ''] : []
}

function form(parts: { name: string; text: string; file: boolean }[]): string[] {
  return [
    'const body = new FormData()',
    ...parts.map(({ name, text, file }) =>
      file
        ? `body.set(${literal(name)}, await openAsBlob(${literal(text)}), ${literal(text)})`
        : `body.set(${literal(name)}, ${literal(text)})`,
    ),
  ]
}

function signing(proof: Signing, hasBody: boolean): string[] {
  const uses = usesOf(proof)
  const now = proof.unit === 'ms' ? 'Date.now()' : 'Math.floor(Date.now() / 1000)'
  return [
    ...(hasBody || !uses.has('body') ? [] : ["const body = ''"]),
    `const secret = ${literal(proof.secret)}`,
    ...(uses.has('id') ? [`const id = 'msg_' + randomUUID()`] : []),
    ...(uses.has('timestamp') ? [`const timestamp = String(${now})`] : []),
    `const key = ${proof.decoded ? "Buffer.from(secret.replace('whsec_', ''), 'base64')" : 'secret'}`,
    `const signature = createHmac('${proof.hash}', key).update(${joined(proof.signed)}).digest('${proof.encoding}')`,
  ]
}

function headersOf({ proof, body, headers }: Call): [string, string][] {
  const shown = proof.kind === 'show' || proof.kind === 'sign' ? proof.headers : []
  return [
    ...(body.kind === 'text' ? ([['content-type', literal(body.type)]] as [string, string][]) : []),
    ...headers.map(([name, value]): [string, string] => [name, literal(value)]),
    ...shown.map(([name, pieces]): [string, string] => [
      name,
      isBasicValue(pieces) ? basic(pieces) : joined(pieces),
    ]),
  ]
}

function joined(pieces: Piece[]): string {
  return pieces.map((piece) => (typeof piece === 'object' ? literal(piece.text) : piece)).join(' + ')
}

function basic([first]: Piece[]): string {
  const user = typeof first === 'object' ? first.text.slice(6) : ''
  return `'Basic ' + btoa(${literal(user)} + secret)`
}

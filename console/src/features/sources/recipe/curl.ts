import { type Call, urlOf } from './call'
import { type Piece, type Signing, usesOf } from './proof'

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** The call for a shell; a signature is made by openssl. */
export function curlOf(call: Call): string {
  const { proof, body } = call
  const lines: string[] = []
  if (proof.kind === 'sign') lines.push(...signing(proof, body.kind === 'text' ? body.text : ''))
  const headers = [...(body.kind === 'text' ? [['content-type', body.type]] : []), ...call.headers].map(
    ([name, value]) => `-H ${quoted(`${name}: ${value}`)}`,
  )
  const command = [
    `curl -X ${call.method} ${quoted(urlOf(call))}`,
    ...headers,
    ...proofs(call),
    ...data(call),
  ]
  return [...lines, command.join(' \\\n  ')].join('\n')
}

function proofs({ proof }: Call): string[] {
  if (proof.kind === 'none' || proof.kind === 'platform') return []
  const { headers, secret } = proof
  return headers.map(([name, pieces]) => {
    const [first] = pieces
    // curl encodes a name and a password itself.
    if (name === 'authorization' && typeof first === 'object' && first.text.startsWith('Basic '))
      return `-u ${quoted(first.text.slice(6) + secret)}`
    if (proof.kind === 'sign') return `-H "${name}: ${inShell(pieces)}"`
    return `-H ${quoted(`${name}: ${pieces.map((piece) => (typeof piece === 'object' ? piece.text : secret)).join('')}`)}`
  })
}

function data({ body, proof }: Call): string[] {
  if (body.kind === 'parts')
    return body.parts.map(
      ({ name, text, file }) => `-F ${quoted(file ? `${name}=@${text}` : `${name}=${text}`)}`,
    )
  if (body.kind === 'none') return []
  return [proof.kind === 'sign' ? '-d "$BODY"' : `-d ${quoted(body.text)}`]
}

/** The variables of a signed call. */
function signing(proof: Signing, body: string): string[] {
  const uses = usesOf(proof)
  return [
    `SECRET=${quoted(proof.secret)}`,
    `BODY=${quoted(body)}`,
    ...(uses.has('id') ? ['ID="msg_$(openssl rand -hex 12)"'] : []),
    ...(uses.has('timestamp') ? [`TIMESTAMP=$(date +%s)${proof.unit === 'ms' ? '000' : ''}`] : []),
    ...(proof.decoded
      ? [`KEY=$(printf %s "\${SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')`]
      : []),
    [
      `SIGNATURE=$(printf ${format(proof.signed)}`,
      `openssl dgst -${proof.hash} ${proof.decoded ? '-mac HMAC -macopt hexkey:"$KEY"' : '-hmac "$SECRET"'} -binary`,
      `${ENCODERS[proof.encoding]})`,
    ].join(' \\\n  | '),
  ]
}

const ENCODERS = {
  hex: `od -An -v -tx1 | tr -d ' \\n'`,
  base64: 'openssl base64 -A',
  base64url: `openssl base64 -A | tr '+/' '-_' | tr -d '='`,
}

/** `printf`'s arguments: a line break cannot be written within the quotes of a variable. */
function format(pieces: Piece[]): string {
  const breaks = pieces.some((piece) => typeof piece === 'object' && piece.text.includes('\n'))
  if (!breaks) return `%s "${inShell(pieces)}"`
  const template = pieces
    .map((piece) => (typeof piece === 'object' ? piece.text.replaceAll('\n', '\\n') : '%s'))
    .join('')
  const values = pieces.filter((piece) => typeof piece === 'string').map((piece) => `"${inShell([piece])}"`)
  return `'${template}' ${values.join(' ')}`
}

function inShell(pieces: Piece[]): string {
  return pieces
    .map((piece) =>
      typeof piece === 'object' ? piece.text.replace(/["$`\\]/g, '\\$&') : `\${${piece.toUpperCase()}}`,
    )
    .join('')
}

import { type Call, isBasic, isBasicValue, urlOf } from './call'
import { type Piece, type Signing, usesOf } from './proof'

const literal = (text: string) => JSON.stringify(text)

/** The call for Python 3, with its own library alone; files need `requests`. */
export function pythonOf(call: Call): string {
  const { proof, body } = call
  if (body.kind === 'parts') return withFiles(call, body.parts)
  const uses = usesOf(proof)
  const imports = [
    ...(proof.kind === 'sign' || isBasic(call) ? ['base64'] : []),
    ...(proof.kind === 'sign' ? ['hashlib', 'hmac'] : []),
    ...(uses.has('timestamp') ? ['time'] : []),
    'urllib.request',
    ...(uses.has('id') ? ['uuid'] : []),
  ]
  return [
    `import ${imports.join(', ')}`,
    '',
    `url = ${literal(urlOf(call))}`,
    ...(body.kind === 'text' ? [`body = ${literal(body.text)}.encode()`] : []),
    ...variables(call),
    `headers = {`,
    ...headersOf(call).map(([name, value]) => `    ${literal(name)}: ${value},`),
    '}',
    `request = urllib.request.Request(url, method=${literal(call.method)}${body.kind === 'text' ? ', data=body' : ''}, headers=headers)`,
    'with urllib.request.urlopen(request) as answer:',
    '    print(answer.status, answer.read().decode())',
  ].join('\n')
}

function variables({ proof, body }: Call): string[] {
  if (proof.kind === 'show') return proof.query ? [] : [`secret = ${literal(proof.secret)}`]
  if (proof.kind !== 'sign') return []
  return [
    ...(body.kind === 'text' ? [] : ['body = b""']),
    `secret = ${literal(proof.secret)}`,
    ...made(proof),
    `key = ${proof.decoded ? 'base64.b64decode(secret.removeprefix("whsec_"))' : 'secret.encode()'}`,
    `signed = ${proof.signed.map((piece) => bytes(piece)).join(' + ')}`,
    `code = hmac.new(key, signed, hashlib.${proof.hash})`,
    `signature = ${ENCODERS[proof.encoding]}`,
  ]
}

const ENCODERS = {
  hex: 'code.hexdigest()',
  base64: 'base64.b64encode(code.digest()).decode()',
  base64url: 'base64.urlsafe_b64encode(code.digest()).decode().rstrip("=")',
}

function made(proof: Signing): string[] {
  const uses = usesOf(proof)
  return [
    ...(uses.has('id') ? ['id = f"msg_{uuid.uuid4().hex}"'] : []),
    ...(uses.has('timestamp')
      ? [`timestamp = str(int(time.time()${proof.unit === 'ms' ? ' * 1000' : ''}))`]
      : []),
  ]
}

function bytes(piece: Piece): string {
  if (typeof piece === 'object') return `${literal(piece.text)}.encode()`
  return piece === 'body' ? 'body' : `${piece}.encode()`
}

function headersOf(call: Call): [string, string][] {
  const { proof, body } = call
  const shown = proof.kind === 'show' || proof.kind === 'sign' ? proof.headers : []
  return [
    ...(body.kind === 'text' ? ([['content-type', literal(body.type)]] as [string, string][]) : []),
    ...call.headers.map(([name, value]): [string, string] => [name, literal(value)]),
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
  return `"Basic " + base64.b64encode((${literal(user)} + secret).encode()).decode()`
}

function withFiles(call: Call, parts: { name: string; text: string; file: boolean }[]): string {
  const data = parts
    .filter((part) => !part.file)
    .map(({ name, text }) => `    ${literal(name)}: ${literal(text)},`)
  const files = parts
    .filter((part) => part.file)
    .map(({ name, text }) => `    ${literal(name)}: open(${literal(text)}, "rb"),`)
  return [
    ...(isBasic(call) ? ['import base64'] : []),
    'import requests',
    '',
    ...variables(call).filter((line) => line.startsWith('secret')),
    'headers = {',
    ...headersOf(call).map(([name, value]) => `    ${literal(name)}: ${value},`),
    '}',
    'data = {',
    ...data,
    '}',
    'files = {',
    ...files,
    '}',
    `answer = requests.request(${literal(call.method)}, ${literal(urlOf(call))}, headers=headers, data=data, files=files)`,
    'print(answer.status_code, answer.text)',
  ].join('\n')
}

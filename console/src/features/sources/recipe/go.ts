import { type Call, isBasic, isBasicValue, urlOf } from './call'
import { type Piece, type Signing, usesOf } from './proof'

const literal = (text: string) => JSON.stringify(text)

/** The call for Go, as a whole program with its own library alone. */
export function goOf(call: Call): string {
  const { proof, body } = call
  const files = body.kind === 'parts' ? body.parts.filter((part) => part.file) : []
  return [
    'package main',
    '',
    'import (',
    ...imports(call).map((name) => `\t"${name}"`),
    ')',
    '',
    ...(files.length > 0 ? MUST : []),
    'func main() {',
    ...[
      ...(body.kind === 'text' ? [`body := []byte(${literal(body.text)})`] : []),
      ...(body.kind === 'parts' ? form(body.parts) : []),
      ...(proof.kind === 'sign' ? signing(proof, body.kind === 'text') : []),
      ...(proof.kind === 'show' && !proof.query ? [`secret := ${literal(proof.secret)}`] : []),
      `request, err := http.NewRequest(${literal(call.method)}, ${literal(urlOf(call))}, ${readerOf(call)})`,
      'if err != nil {',
      '\tpanic(err)',
      '}',
      ...headersOf(call),
      'answer, err := http.DefaultClient.Do(request)',
      'if err != nil {',
      '\tpanic(err)',
      '}',
      'defer answer.Body.Close()',
      'text, _ := io.ReadAll(answer.Body)',
      'fmt.Println(answer.Status, string(text))',
    ].map((line) => `\t${line}`),
    '}',
  ].join('\n')
}

/** What a program with files says once instead of at each step. */
const MUST = [
  'func must[T any](value T, err error) T {',
  '\tif err != nil {',
  '\t\tpanic(err)',
  '\t}',
  '\treturn value',
  '}',
  '',
]

function imports(call: Call): string[] {
  const { proof, body } = call
  const uses = usesOf(proof)
  const names = ['fmt', 'io', 'net/http']
  if (body.kind !== 'none') names.push('bytes')
  if (body.kind === 'parts') names.push('mime/multipart')
  if (body.kind === 'parts' && body.parts.some((part) => part.file)) names.push('os')
  if (proof.kind === 'sign') {
    names.push(
      'crypto/hmac',
      `crypto/${proof.hash === 'sha256' || proof.hash === 'sha512' ? proof.hash : 'sha1'}`,
    )
    names.push(proof.encoding === 'hex' ? 'encoding/hex' : 'encoding/base64')
    if (proof.decoded && proof.encoding === 'hex') names.push('encoding/base64')
    if (proof.decoded) names.push('strings')
  }
  if (uses.has('id')) names.push('crypto/rand')
  if (uses.has('timestamp')) names.push('strconv', 'time')
  if (isBasic(call)) names.push('encoding/base64')
  return [...new Set(names)].sort()
}

function signing(proof: Signing, hasBody: boolean): string[] {
  const uses = usesOf(proof)
  return [
    ...(hasBody ? [] : ['body := []byte{}']),
    `secret := ${literal(proof.secret)}`,
    ...(uses.has('id') ? ['id := "msg_" + rand.Text()'] : []),
    ...(uses.has('timestamp')
      ? [`timestamp := strconv.FormatInt(time.Now().${proof.unit === 'ms' ? 'UnixMilli' : 'Unix'}(), 10)`]
      : []),
    proof.decoded
      ? 'key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))'
      : 'key := []byte(secret)',
    `code := hmac.New(${proof.hash}.New, key)`,
    `code.Write([]byte(${joined(proof.signed, true)}))`,
    `signature := ${ENCODERS[proof.encoding]}`,
  ]
}

const ENCODERS = {
  hex: 'hex.EncodeToString(code.Sum(nil))',
  base64: 'base64.StdEncoding.EncodeToString(code.Sum(nil))',
  base64url: 'base64.RawURLEncoding.EncodeToString(code.Sum(nil))',
}

function form(parts: { name: string; text: string; file: boolean }[]): string[] {
  return [
    'var body bytes.Buffer',
    'form := multipart.NewWriter(&body)',
    ...parts.map(({ name, text, file }) =>
      file
        ? `must(must(form.CreateFormFile(${literal(name)}, ${literal(text)})).Write(must(os.ReadFile(${literal(text)}))))`
        : `form.WriteField(${literal(name)}, ${literal(text)})`,
    ),
    'form.Close()',
  ]
}

function readerOf({ body }: Call): string {
  if (body.kind === 'text') return 'bytes.NewReader(body)'
  return body.kind === 'parts' ? '&body' : 'nil'
}

function headersOf({ proof, body, headers }: Call): string[] {
  const shown = proof.kind === 'show' || proof.kind === 'sign' ? proof.headers : []
  const set = (name: string, value: string) => `request.Header.Set(${literal(name)}, ${value})`
  return [
    ...(body.kind === 'text' ? [set('content-type', literal(body.type))] : []),
    ...(body.kind === 'parts' ? [set('content-type', 'form.FormDataContentType()')] : []),
    ...headers.map(([name, value]) => set(name, literal(value))),
    ...shown.map(([name, pieces]) => set(name, isBasicValue(pieces) ? basic(pieces) : joined(pieces, false))),
  ]
}

function joined(pieces: Piece[], inBytes: boolean): string {
  return pieces
    .map((piece) =>
      typeof piece === 'object' ? literal(piece.text) : piece === 'body' && inBytes ? 'string(body)' : piece,
    )
    .join(' + ')
}

function basic([first]: Piece[]): string {
  const user = typeof first === 'object' ? first.text.slice(6) : ''
  return `"Basic " + base64.StdEncoding.EncodeToString([]byte(${literal(user)} + secret))`
}

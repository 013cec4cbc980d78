// A model that answers as OpenAI's interface says, word by word.

import { createServer } from 'node:http'

/** Starts it; it answers every chat with this text, and thinks so long about each word. */
export async function startModel(text, wordMs = 120) {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      void write(response, text.split(/(?<= )/), wordMs)
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  return {
    url: `http://127.0.0.1:${port}/v1`,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(done)
      }),
  }
}

async function write(response, words, wordMs) {
  const send = (delta, finish_reason = null) => {
    const chunk = {
      id: 'chat-1',
      object: 'chat.completion.chunk',
      model: 'assistant-1',
      choices: [{ index: 0, delta, finish_reason }],
    }
    response.write(`data: ${JSON.stringify(chunk)}\n\n`)
  }
  for (const word of words) {
    send({ role: 'assistant', content: word })
    await new Promise((done) => setTimeout(done, wordMs))
  }
  send({}, 'stop')
  const usage = { prompt_tokens: 96, completion_tokens: words.length, total_tokens: 96 + words.length }
  response.write(
    `data: ${JSON.stringify({ id: 'chat-1', object: 'chat.completion.chunk', model: 'assistant-1', choices: [], usage })}\n\n`,
  )
  response.end('data: [DONE]\n\n')
}

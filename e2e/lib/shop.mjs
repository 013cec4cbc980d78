// A shop with everything in it, for the demonstration and the screenshots.

import { chatModel, destination, release, saveFlow, send, source } from './seed.mjs'

/** What the shop's model answers. */
export const ANSWER =
  'E3 means that the water tank is not in its place. Switch the machine off, take the tank out and put it back until it clicks; the sign goes out after about ten seconds.'

/** How the systems at the far end of the shop are: one restarts, one is down. */
export const SHOP_MOODS = {
  '/tickets': { mood: 'moody', ms: 46 },
  '/team': { mood: 'ok', ms: 28 },
  '/crm': { mood: 'down', ms: 12 },
}

/** Fills a fresh server; the receiver stands for the systems at the far end, the model for a provider. */
export async function fillShop(call, receiver, model) {
  await chatModel(call, 'chat', model)
  for (const environment of ['production', 'test']) {
    await destination(call, environment, 'ticket-system', `${receiver}/tickets`)
    await destination(call, environment, 'service-team', `${receiver}/team`)
    await destination(call, environment, 'crm', `${receiver}/crm`, { retry: ['1s', '1s'] })
  }
  const files = {
    'after-sales-assistant': 'after-sales-with-model',
    'crm-welcome': 'crm-welcome',
    'alert-triage': 'alert-triage',
  }
  for (const [flow, file] of Object.entries(files)) {
    await saveFlow(call, flow, file)
    await release(call, flow, ['test', 'production'])
  }
  const shop = await source(call, 'production', 'shop-chat', 'after-sales-assistant', 'respond')
  const crm = await source(call, 'production', 'crm-new-customer', 'crm-welcome')
  const alerts = await source(call, 'production', 'monitoring', 'alert-triage')
  const trial = await source(call, 'test', 'shop-chat', 'after-sales-assistant', 'respond')
  return { shop, crm, alerts, trial }
}

/** A morning's events; the last one is the after-sales question. */
export async function sendMorning({ shop, crm, alerts, trial }) {
  await send(trial, { query: '机器显示 E3，怎么办？', user_id: 'u-zh-7' })
  for (const [service, cost] of [
    ['checkout', 1],
    ['search', 40],
    ['stock', 0],
    ['mail', 8],
  ]) {
    await send(alerts, { service, cost })
  }
  await send(crm, { name: 'Lin Yue', company: 'Harbour Coffee' })
  await send(shop, { query: 'There is smoke from the grinder!', user_id: 'u-311', conversation_id: 'c-77' })
  await send(alerts, { service: 'checkout', cost: 3 })
  await send(crm, { name: 'Anna Berg' })
  await send(shop, { query: '咖啡机漏水，机器显示 E3 故障码。', user_id: 'u-524' })
  await send(alerts, { service: 'login', cost: 12 })
  return send(shop, {
    query: 'My machine shows E3 and does not brew.',
    user_id: 'u-208',
    conversation_id: 'c-91',
  })
}

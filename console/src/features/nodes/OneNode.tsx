import { useTranslation } from 'react-i18next'
import type { NodeRow } from '~/api/queries'
import { Empty } from '~/ui/Empty'

/** One node alone is a whole installation; this says how it becomes a cluster. */
export function OneNode({ node }: { node: NodeRow }) {
  const { t } = useTranslation()
  // A node listens to others wherever their database lets others be: not on the one in its own folder.
  const embedded = !node.address
  return (
    <Empty
      title={t(embedded ? 'nodes.embedded' : 'nodes.first')}
      example={EXAMPLE}
      exampleName={t('nodes.commands')}
      action={<p className="text-ink-2">{t(embedded ? 'nodes.embeddedNote' : 'nodes.firstNote')}</p>}
    >
      {t(embedded ? 'nodes.embeddedText' : 'nodes.firstText')}
    </Empty>
  )
}

/** What is started on each machine; what must be filled in stands in capitals. */
const EXAMPLE = `export LINCHPIN_KEY=KEY
export LINCHPIN_CLUSTER__LISTEN=0.0.0.0:7946
linchpin serve --database postgres://USER:PASSWORD@HOST/linchpin`

import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { DeliveryFilter } from '~/api/queries'
import { Button } from '~/ui/Button'
import { Empty } from '~/ui/Empty'
import type { Loaded } from '../list/loaded'
import { isNarrow } from './search'

const EXAMPLE = `ticket:
  kind: deliver
  destination: ticket-system
  body:
    title: "{{ input.query }}"`

/** Why there are no deliveries to show, and how to come to some. */
export function NoDeliveries({ filter, more }: { filter: DeliveryFilter; more: Loaded<unknown>['more'] }) {
  const { t } = useTranslation()
  const { state, ...others } = filter
  if (more) {
    // The server looks through so many at once.
    return (
      <Empty
        title={t('deliveries.noneYet')}
        action={
          <Button busy={more.busy} onClick={more.load}>
            {t('deliveries.further')}
          </Button>
        }
      >
        {t('deliveries.noneYetText')}
      </Empty>
    )
  }
  if (isNarrow(others) || (state && state !== 'dead')) {
    return (
      <Empty
        title={t('deliveries.noneHere')}
        action={
          <Link
            to="/deliveries"
            search={({ env }) => ({ env })}
            className="text-accent underline underline-offset-2"
          >
            {t('deliveries.showAll')}
          </Link>
        }
      >
        {t('deliveries.noneHereText')}
      </Empty>
    )
  }
  if (state === 'dead') {
    return <Empty title={t('deliveries.noneDead')}>{t('deliveries.noneDeadText')}</Empty>
  }
  return (
    <Empty title={t('deliveries.none')} example={EXAMPLE} exampleName="YAML">
      {t('deliveries.noneText')}
    </Empty>
  )
}

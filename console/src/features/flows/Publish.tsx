import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDeploy, usePublish } from '~/api/mutations'
import type { FlowDetail } from '~/api/queries'
import { useEnvironment } from '~/app/environment'
import { environmentName } from '~/app/frame/EnvironmentSwitch'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { report } from '~/ui/toast'

/** Publishes the draft when it is newer than the newest version; a note says what has changed. */
export function Publish({ flow }: { flow: FlowDetail }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const publish = usePublish(flow.name)
  const newest = flow.versions[0]
  const changed = !newest || Date.parse(flow.updated_at) > Date.parse(newest.created_at)
  if (!changed) return null
  const broken = flow.problems.length > 0
  return (
    <>
      <Button look="primary" disabled={broken} onClick={() => setOpen(true)}>
        {t('flows.publish')}
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        label={t('flows.publish')}
        className="w-[min(26rem,92vw)]"
      >
        <form
          className="space-y-4 p-5"
          onSubmit={(event) => {
            event.preventDefault()
            const note = String(new FormData(event.currentTarget).get('note'))
            void report(publish.mutateAsync(note), ({ number }) => {
              setOpen(false)
              return { text: t('flows.published', { number }) }
            })
          }}
        >
          <h2 className="text-title font-semibold">
            {t('flows.publishAs', { number: (newest?.number ?? 0) + 1 })}
          </h2>
          <p className="text-ink-2">{t('flows.publishText')}</p>
          <label className="block text-small font-medium text-ink-2">
            {t('flows.note')}
            <input
              name="note"
              autoComplete="off"
              className="mt-1 h-9 w-full rounded-base border border-line-strong bg-surface px-2.5 text-prose font-normal text-ink"
            />
          </label>
          <div className="flex justify-end gap-2">
            <Button onClick={() => setOpen(false)}>{t('cancel')}</Button>
            <Button type="submit" look="primary" busy={publish.isPending}>
              {t('flows.publish')}
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}

/** Lets a version serve the environment that is looked at; the message offers the way back. */
export function Deploy({ flow, version }: { flow: FlowDetail; version: number }) {
  const { t } = useTranslation()
  const environment = useEnvironment()
  const deploy = useDeploy(flow.name)
  const serving = flow.deployments.find((one) => one.environment === environment)?.version
  if (serving === version) return null
  const name = environmentName(t, environment)
  const undo = serving !== undefined && {
    action: {
      label: t('flows.undo', { number: serving }),
      run: () => void report(deploy.mutateAsync({ environment, version: serving })),
    },
  }
  const start = () =>
    void report(deploy.mutateAsync({ environment, version }), () => ({
      text: t('flows.deployed', { number: version, environment: name }),
      ...undo,
    }))
  return (
    <Button busy={deploy.isPending} onClick={start}>
      {t('flows.deploy', { environment: name })}
    </Button>
  )
}

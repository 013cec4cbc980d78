import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/Button'
import type { Draft } from './draft'
import { Overtaken, TakenTheirs } from './Overtaken'

/** A draft and what can be done with it. */
interface SavingProps {
  form: {
    draft: Draft
    stored: Draft
    dirty: boolean
    overtaken: boolean
    busy: boolean
    discard: () => void
    takeTheirs: () => void
    takeBack: (() => void) | undefined
    takeMine: () => void
    save: () => Promise<void>
  }
}

/** Saves a draft or gives it up; when somebody else has saved meanwhile, asks first which is to stand. */
export function Saving({ form }: SavingProps) {
  const { t } = useTranslation()
  if (form.overtaken) {
    return (
      <Overtaken
        theirs={form.stored}
        mine={form.draft}
        onTheirs={form.takeTheirs}
        onMine={() => {
          form.takeMine()
          void form.save()
        }}
      />
    )
  }
  return (
    <>
      <Button type="submit" look="primary" busy={form.busy} disabled={!form.dirty} className="h-8!">
        {t('sources.save')}
      </Button>
      {form.dirty && (
        <Button look="quiet" onClick={form.discard}>
          {t('sources.discard')}
        </Button>
      )}
      {form.takeBack && <TakenTheirs onBack={form.takeBack} />}
    </>
  )
}

/** The console in English. The words are those of the API and of the documentation. */
import destinations from './destinations'
import flows from './flows'
import frame from './frame'
import history from './history'
import message from './message'
import sources from './sources'

export default { ...frame, ...history, ...flows, ...sources, ...destinations, ...message }

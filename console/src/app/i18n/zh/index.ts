/** 控制台中文文案。用词与 API、文档一致。 */
import destinations from './destinations'
import flows from './flows'
import frame from './frame'
import history from './history'
import message from './message'
import sources from './sources'

export default { ...frame, ...history, ...flows, ...sources, ...destinations, ...message }

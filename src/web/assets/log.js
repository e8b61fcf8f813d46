const NEAR_END_PX = 40
const MOST_LINES = 5000

const section = document.querySelector('.log-section')
let events = null
let follows = true

attach()
new MutationObserver(attach).observe(section.querySelector('[data-live="log"]'), { childList: true })
addEventListener('hashchange', goToLine)
addEventListener('popstate', () => show(location.href))
document.addEventListener('visibilitychange', follow)
section.addEventListener('click', toggleFollow)
section.addEventListener('click', inPlace)
section.addEventListener('submit', inPlace)

function log() {
  return section.querySelector('pre.log')
}

// Another log, or another part of it, is there.
function attach() {
  const pre = log()
  const button = section.querySelector('button.follow')
  if (button) {
    button.hidden = false
    button.setAttribute('aria-pressed', String(follows))
  }
  const at = pre?.dataset.at && document.getElementById(pre.dataset.at)
  if (at) showLine(at)
  else if (pre && !goToLine()) showEnd(pre)
  follow()
}

function toggleFollow({ target }) {
  if (!target.matches('button.follow')) return
  follows = !follows
  target.setAttribute('aria-pressed', String(follows))
  if (follows) showEnd(log())
  follow()
}

// Nobody looks at a hidden page: it costs nothing, and catches up when it is seen again.
function follow() {
  events?.close()
  events = null
  const pre = log()
  if (!pre?.dataset.follow || !follows || document.hidden) return
  const { follow: url, next, line } = pre.dataset
  events = new EventSource(`${url}?from=${next}&line=${line}`)
  events.addEventListener('message', ({ data, lastEventId }) => grow(pre, JSON.parse(data), lastEventId))
  events.addEventListener('over', () => {
    events.close()
    section.querySelector('button.follow')?.remove()
    delete pre.dataset.follow
  })
}

// What comes is the service's own markup, every text in it escaped (logLines.ts).
function grow(pre, markup, place) {
  const atEnd = isAtEnd(pre)
  const lines = document.createRange().createContextualFragment(markup)
  const [last, first] = [pre.lastElementChild, lines.firstElementChild]
  if (last && first && last.id === first.id) {
    first.firstElementChild.remove()
    last.append(...first.childNodes)
    first.remove()
  }
  pre.append(lines)
  while (pre.childElementCount > MOST_LINES) pre.firstElementChild.remove()
  const [next, line] = place.split(':')
  Object.assign(pre.dataset, { next, line })
  if (atEnd) showEnd(pre)
}

function isAtEnd(pre) {
  return pre.scrollHeight - pre.scrollTop - pre.clientHeight < NEAR_END_PX
}

function showEnd(pre) {
  pre.scrollTop = pre.scrollHeight
}

function showLine(element) {
  const pre = log()
  pre.scrollTop +=
    element.getBoundingClientRect().top - pre.getBoundingClientRect().top - pre.clientHeight / 3
  for (const other of pre.querySelectorAll('.line[aria-current]')) other.removeAttribute('aria-current')
  element.setAttribute('aria-current', 'true')
}

// A link to a line that is not shown leads to the page around it.
function goToLine() {
  const [, line] = /^#L([1-9]\d{0,8})$/.exec(location.hash) ?? []
  if (!line || !log()) return false
  const element = document.getElementById(`L${line}`)
  if (element) showLine(element)
  else if (new URLSearchParams(location.search).get('line') !== line) {
    const url = `?${new URLSearchParams({ log: logName(), line })}#L${line}`
    history.replaceState(null, '', url)
    show(url)
  }
  return true
}

function logName() {
  return section.querySelector('input[name=log]').value
}

// Within the log one goes on without leaving the page, by the same addresses as without a script.
function inPlace(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  const target = event.target.closest('form[data-in-place], a[data-in-place], a[data-line]')
  if (!target || (target.matches('form') && event.type !== 'submit')) return
  event.preventDefault()
  if (target.matches('a[data-line]')) return pick(target.parentElement)
  const url = target.matches('form') ? `?${new URLSearchParams(new FormData(target))}#log` : target.href
  history.pushState(null, '', url)
  show(url)
}

// The page stays what it is, and its address leads to the line.
function pick(line) {
  const query = location.search || `?${new URLSearchParams({ log: logName() })}`
  history.replaceState(null, '', `${query}#${line.id}`)
  showLine(line)
}

async function show(url) {
  const response = await fetch(url, { cache: 'no-cache' })
  if (!response.ok) return location.assign(url)
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
  const hadFocus = section.contains(document.activeElement)
  for (const name of ['logs', 'log']) {
    const next = fresh.querySelector(`[data-live="${name}"]`)
    const part = section.querySelector(`[data-live="${name}"]`)
    if (!next) return location.assign(url)
    if (next.dataset.key !== undefined) part.dataset.key = next.dataset.key
    part.innerHTML = next.innerHTML
  }
  if (hadFocus) section.querySelector('.log')?.focus({ preventScroll: true })
}

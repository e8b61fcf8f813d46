const EVERY_MS = 2000
const NEAR_END_PX = 40
const MOST_PARTS = 40

showEnd(document.querySelector('[data-log]'))

// Parts marked data-live are fetched again and replaced where they differ; a log grows by what was added to it.
if (document.body.dataset.refresh === 'yes') setTimeout(keepFresh, EVERY_MS)

async function keepFresh() {
  const goesOn = document.hidden || (await refresh().catch(() => true))
  for (let part = 0; part < MOST_PARTS && (await growLog().catch(() => false)); part += 1);
  if (goesOn) setTimeout(keepFresh, EVERY_MS)
}

async function refresh() {
  const response = await fetch(location.href, { cache: 'no-cache' })
  if (!response.ok) return true
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
  document.title = fresh.title
  for (const part of document.querySelectorAll('[data-live]')) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`)
    if (next) keepOpen(part, next)
    if (next && !isSame(part, next) && !isRead(part)) replace(part, next)
  }
  return fresh.body.dataset.refresh === 'yes'
}

// A part with the same key grows by itself.
function isSame(part, next) {
  if (part.dataset.key) return part.dataset.key === next.dataset.key
  return part.innerHTML === next.innerHTML
}

// Somebody has selected some of it.
function isRead(part) {
  const selection = getSelection()
  return !selection.isCollapsed && part.contains(selection.anchorNode)
}

// What the reader has unfolded, scrolled to or come to by keyboard stays so.
function keepOpen(part, next) {
  const open = new Set([...part.querySelectorAll('details[open]')].map((details) => details.dataset.key))
  for (const details of next.querySelectorAll('details')) details.open = open.has(details.dataset.key)
}

function replace(part, next) {
  const left = new Map([...part.querySelectorAll('.scroll')].map((box) => [box.ariaLabel, box.scrollLeft]))
  const place = placeOf(document.activeElement, part)
  part.dataset.key = next.dataset.key ?? ''
  part.innerHTML = next.innerHTML
  showEnd(part.querySelector('[data-log]'))
  for (const box of part.querySelectorAll('.scroll')) box.scrollLeft = left.get(box.ariaLabel) ?? 0
  if (place)
    [...part.querySelectorAll('a, summary, [tabindex]')].find((one) => placeOf(one, part) === place)?.focus()
}

function placeOf(element, part) {
  return part.contains(element)
    ? (element.getAttribute('href') ?? element.ariaLabel ?? element.tagName)
    : null
}

async function growLog() {
  const log = document.querySelector('[data-log]')
  if (!log || document.hidden) return false
  const response = await fetch(`${log.dataset.log}?from=${log.dataset.next}`, { cache: 'no-store' })
  const next = response.headers.get('berth-next')
  if (!response.ok || next === log.dataset.next) return false
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX
  log.append(await response.text())
  log.dataset.next = next
  if (atEnd) showEnd(log)
  return true
}

function showEnd(log) {
  if (log) log.scrollTop = log.scrollHeight
}

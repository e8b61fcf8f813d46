const EVERY_MS = 2000

// Parts marked data-live are fetched again and replaced where they differ; a log grows by itself (log.js).
if (document.body.dataset.refresh === 'yes') setTimeout(keepFresh, EVERY_MS)

async function keepFresh() {
  const goesOn = document.hidden || (await refresh().catch(() => true))
  if (goesOn) setTimeout(keepFresh, EVERY_MS)
}

async function refresh() {
  const response = await fetch(location.href, { cache: 'no-cache', headers: { 'berth-refresh': 'yes' } })
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
  for (const box of part.querySelectorAll('.scroll')) box.scrollLeft = left.get(box.ariaLabel) ?? 0
  if (place)
    [...part.querySelectorAll('a, summary, [tabindex]')].find((one) => placeOf(one, part) === place)?.focus()
}

function placeOf(element, part) {
  return part.contains(element)
    ? (element.getAttribute('href') ?? element.ariaLabel ?? element.tagName)
    : null
}

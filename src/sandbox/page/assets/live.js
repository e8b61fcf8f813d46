const EVERY_MS = 1000

// Parts marked data-live are fetched again and replaced where they differ; what the reader has unfolded stays so.
setInterval(refresh, EVERY_MS)

async function refresh() {
  if (document.hidden) return
  const response = await fetch(location.href, { cache: 'no-cache' }).catch(() => null)
  if (!response?.ok) return
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
  for (const part of document.querySelectorAll('[data-live]')) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`)
    if (next && !isBusy(part)) replace(part, next)
  }
}

// Somebody writes in it, or has selected some of it.
function isBusy(part) {
  const selection = getSelection()
  const typing = [...part.querySelectorAll('textarea')].some((area) => area.value !== area.defaultValue)
  return (
    typing ||
    part.contains(document.activeElement) ||
    (!selection.isCollapsed && part.contains(selection.anchorNode))
  )
}

function replace(part, next) {
  const open = new Set([...part.querySelectorAll('details[open]')].map((details) => details.dataset.key))
  for (const details of next.querySelectorAll('details'))
    if (open.has(details.dataset.key)) details.open = true
  if (part.innerHTML !== next.innerHTML) part.innerHTML = next.innerHTML
}

// What the upload form gains with JavaScript: a request a file, three at a time, each with its
// progress and its own answer; files that are dropped on it; names that are checked while they are typed.
// It sends the same form to the same place as without.
const AT_A_TIME = 3

for (const form of document.querySelectorAll('form[data-upload]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    sendAll(form)
  })
  takeDropped(form)
  for (const field of form.querySelectorAll('input[pattern]')) checkTyped(field)
}

/** Anywhere on the form, as if they had been chosen. */
function takeDropped(form) {
  const chooser = form.querySelector('input[type=file]')
  const mark = (over) => form.classList.toggle('over', over)
  form.addEventListener('dragover', (event) => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    mark(true)
  })
  form.addEventListener('dragleave', (event) => {
    if (!form.contains(event.relatedTarget)) mark(false)
  })
  form.addEventListener('drop', (event) => {
    mark(false)
    if (event.dataTransfer.files.length === 0) return
    event.preventDefault()
    chooser.files = event.dataTransfer.files
  })
}

/** Whether a name can be one, and whether it is that of something new, which a mistyped one is as well. */
function checkTyped(field) {
  const hint = document.getElementById(field.getAttribute('aria-describedby'))
  const told = hint.textContent
  const known = [...(field.list?.options ?? [])].map(({ value }) => value)
  const check = () => {
    const wrong = field.value !== '' && field.validity.patternMismatch
    if (wrong) field.setAttribute('aria-invalid', 'true')
    else field.removeAttribute('aria-invalid')
    hint.classList.toggle('wrong', wrong)
    if (wrong) hint.textContent = `This can be no name. ${told}`
    else if (field.value === '' || known.includes(field.value)) hint.textContent = told
    else hint.textContent = 'It is not there yet: the first file makes it.'
  }
  hint.setAttribute('aria-live', 'polite')
  field.addEventListener('input', check)
  check()
}

async function sendAll(form) {
  const chooser = form.querySelector('input[type=file]')
  const button = form.querySelector('button[type=submit]')
  const list = resultList(form)
  const waiting = [...chooser.files].map((file) => ({ file, row: addRow(list, file) }))
  const total = waiting.length
  let done = 0
  button.disabled = true
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (await sendOne(form, chooser.name, next)) done += 1
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  button.disabled = false
  form.querySelector('input[type=file]').value = ''
  document.getElementById('status').textContent = `${done} of ${total} files are published.`
}

function resultList(form) {
  const known = document.getElementById('uploads')
  if (known) return known
  const list = document.createElement('ul')
  list.id = 'uploads'
  list.className = 'rows'
  list.setAttribute('aria-label', 'What became of the files')
  form.after(list)
  return list
}

function addRow(list, file) {
  const row = document.createElement('li')
  const title = document.createElement('p')
  const name = document.createElement('span')
  name.className = 'name'
  name.textContent = file.name
  const badge = document.createElement('span')
  badge.className = 'badge'
  badge.textContent = 'Waiting'
  title.append(name, ' ', badge)
  const progress = document.createElement('progress')
  progress.max = Math.max(1, file.size)
  progress.value = 0
  progress.setAttribute('aria-label', `Progress of ${file.name}`)
  const text = document.createElement('p')
  row.append(title, progress, text)
  list.append(row)
  return { name, badge, progress, text }
}

/** Whether the file is published now. */
function sendOne(form, field, { file, row }) {
  const data = new FormData(form)
  data.delete(field)
  data.append(field, file)
  row.badge.textContent = 'Sending'
  return new Promise((resolve) => {
    const request = new XMLHttpRequest()
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) {
        row.progress.max = event.total
        row.progress.value = event.loaded
      }
      if (event.loaded === event.total) row.badge.textContent = 'Checking'
    })
    request.addEventListener('loadend', () => resolve(showAnswer(row, request)))
    request.open('POST', form.action)
    request.setRequestHeader('accept', 'application/json')
    request.send(data)
  })
}

const OUTCOMES = {
  published: ['Published', 'badge accent'],
  present: ['Already there', 'badge'],
  refused: ['Refused', 'badge warn'],
}

function showAnswer({ name, badge, progress, text }, request) {
  const { outcome, text: reason, page } = answerOf(request)
  const [label, kind] = OUTCOMES[outcome]
  badge.textContent = label
  badge.className = kind
  progress.remove()
  text.textContent = reason
  if (page) name.replaceWith(linkTo(page, name))
  return outcome !== 'refused'
}

function linkTo(page, { textContent }) {
  const link = document.createElement('a')
  link.className = 'name'
  link.href = page
  link.textContent = textContent
  return link
}

function answerOf({ status, responseText }) {
  if (status === 0) return { outcome: 'refused', text: 'The connection broke off: try again.' }
  try {
    const answer = JSON.parse(responseText)
    const [file] = answer.files ?? []
    return file ?? { outcome: 'refused', text: answer.detail ?? answer.title }
  } catch {
    return { outcome: 'refused', text: `The registry answered ${status}: try again.` }
  }
}

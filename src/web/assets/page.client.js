// What pages gain with JavaScript: buttons that copy, "/" for the search, forms that leave out what is
// empty. Every page works without.
const status = document.getElementById('status')

for (const block of document.querySelectorAll('[data-copy]')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = 'Copy'
  const what = block.getAttribute('data-copy')
  if (what) button.setAttribute('aria-label', `Copy ${what}`)
  button.addEventListener('click', () => copy(block, button))
  block.append(button)
}

async function copy(block, button) {
  const text = block.querySelector('code').textContent
  let said = 'Copied'
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Without https there is no clipboard: the text is selected, for the keyboard to copy.
    getSelection().selectAllChildren(block.querySelector('code'))
    said = 'Selected'
  }
  button.textContent = said
  status.textContent = said
  setTimeout(() => {
    button.textContent = 'Copy'
    status.textContent = ''
  }, 2000)
}

const search = document.querySelector('input[type=search]')
document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input, textarea, select')
  if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return
  if (!search) return
  event.preventDefault()
  search.focus()
})

for (const form of document.querySelectorAll('form[method=get]')) {
  form.addEventListener('formdata', ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === '') formData.delete(name)
  })
}

// A filter applies when it is chosen; without JavaScript there is a button.
for (const form of document.querySelectorAll('form[data-instant]')) {
  form.addEventListener('change', (event) => {
    if (event.target.matches('select')) form.requestSubmit()
  })
}

// The token that shows a write comes from one of our own pages.

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

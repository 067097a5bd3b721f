// The menu of a phone. Without a script its link jumps to the navigation, which then shows itself;
// here that link becomes a button that opens and closes in place.

export function prepareNavigation() {
  const opener = document.querySelector("[data-opens]");
  const navigation = opener && document.getElementById(opener.dataset.opens);
  if (!navigation) return;

  const show = (open) => {
    navigation.dataset.open = String(open);
    opener.setAttribute("aria-expanded", String(open));
  };
  const toggle = (event) => {
    event.preventDefault();
    show(navigation.dataset.open !== "true");
  };

  opener.setAttribute("role", "button");
  opener.setAttribute("aria-controls", navigation.id);
  show(location.hash === `#${navigation.id}`);
  opener.addEventListener("click", toggle);
  opener.addEventListener("keydown", (event) => {
    if (event.key === " ") toggle(event);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || navigation.dataset.open !== "true") return;
    if (!navigation.contains(document.activeElement) && document.activeElement !== opener) return;
    show(false);
    opener.focus();
  });
}

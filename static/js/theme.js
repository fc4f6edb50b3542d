// Runs before the first paint: applies the theme chosen earlier. The key is the one the Django admin uses, so both agree.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage can be forbidden by the browser; the theme of the system applies then.
}

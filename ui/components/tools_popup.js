// Boxes that a button of the row opens below itself.

function opening(button, box) {
  button.append(svg(SIGNS.chevron, 12));
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-expanded", String(box.matches(":popover-open")));
  button.popoverTargetElement = box;
  return button;
}

// Below its button where there is room, else as near as the window lets it.
function under(box, button) {
  const at = button.getBoundingClientRect();
  box.style.top = `${Math.min(at.bottom + 4, window.innerHeight - 200)}px`;
  box.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - box.offsetWidth - 8))}px`;
  box.style.maxHeight = `${Math.max(200, window.innerHeight - at.bottom - 16)}px`;
}

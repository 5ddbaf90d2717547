// Keeps the server's own words on a page fresh: asks for the page again and puts its marked parts in place of the old ones. What a person reads or has chosen elsewhere stays.
import { clock } from '../texts.js';
import { t } from './texts.js';

const everyMs = 10_000;
let heardAt = Date.now();

/** @param {boolean} isLost */
function say(isLost) {
  let bar = document.getElementById('lost');
  if (!isLost) return bar?.remove();
  if (!bar) {
    bar = document.createElement('p');
    bar.id = 'lost';
    bar.className = 'lost';
    bar.setAttribute('role', 'status');
    document.querySelector('main')?.before(bar);
  }
  bar.textContent = `× ${t('refreshFailed', { since: clock(heardAt) })}`;
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { redirect: 'manual' });
    // Signed out meanwhile: the door says so better than we could.
    if (answer.type === 'opaqueredirect') return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    // An update of the service may have changed the page as well.
    if (page.documentElement.dataset.build !== document.documentElement.dataset.build) return location.reload();
    for (const part of document.querySelectorAll('[data-fresh]')) {
      const next = page.getElementById(part.id);
      // What somebody stands on with the keyboard is not pulled away.
      if (next && !part.contains(document.activeElement) && next.innerHTML !== part.innerHTML) part.replaceWith(document.adoptNode(next));
    }
    heardAt = Date.now();
    say(false);
  } catch {
    say(true);
  }
}

setInterval(refresh, everyMs);
document.addEventListener('visibilitychange', refresh);

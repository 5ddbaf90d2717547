// The wall turns by itself: every ten seconds the next site; when alerts change, they are there at once and the site stays. When the service does not answer, what was said last stays, grey, with the time of it above.
import { listen } from '../detail/fresh.js';

listen();

// The start page stays true while it is open: what rings is there at once, the rest within seconds. The hand-over waits for whoever chooses in it.
import { listen } from '../detail/fresh.js';

listen();

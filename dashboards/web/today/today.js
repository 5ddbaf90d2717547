// The start page stays true while it is open: what rings is there at once, the rest within seconds. Only whom to hand over to waits for whoever has chosen.
import { listen } from '../detail/fresh.js';

listen();

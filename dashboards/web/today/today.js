// The start page stays true while it is open: what rings is there at once, the rest within seconds. Only whom to hand over to waits for whoever chooses.
import { listen } from '../detail/fresh.js';

listen();

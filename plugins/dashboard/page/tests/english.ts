// Every test speaks English; `build.mjs` puts this before each.

import { speak } from "../src/messages";
import { en } from "../src/messages/en";

speak(en);

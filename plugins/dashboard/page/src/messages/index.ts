// The one place that chooses a language.

import { en, type Messages } from "./en";

export const texts: Messages = en;

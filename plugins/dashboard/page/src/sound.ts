// The two sounds of the desk, made by the browser itself. A browser lets a page sound only after somebody has used it.

export type Chime = "mine" | "urgent";

/** Notes as (hertz, seconds from the start). */
const TUNES: Record<Chime, readonly (readonly [number, number])[]> = {
  mine: [
    [660, 0],
    [880, 0.12],
  ],
  urgent: [
    [740, 0],
    [988, 0.16],
    [740, 0.32],
    [988, 0.48],
  ],
};
const LOUDNESS: Record<Chime, number> = { mine: 0.06, urgent: 0.14 };
const NOTE_SECONDS = 0.28;

export class Sound {
  #audio: AudioContext | null = null;

  start(): void {
    const wake = (): void => {
      this.#audio ??= open();
      void this.#audio?.resume().catch(() => undefined);
    };
    for (const name of ["pointerup", "keydown"]) document.addEventListener(name, wake, { once: true });
  }

  play(chime: Chime): void {
    const audio = this.#audio;
    if (!audio) return;
    for (const [hertz, at] of TUNES[chime]) note(audio, hertz, audio.currentTime + at, LOUDNESS[chime]);
  }
}

function open(): AudioContext | null {
  try {
    return new AudioContext();
  } catch {
    return null; // no sound on this machine
  }
}

function note(audio: AudioContext, hertz: number, at: number, loudness: number): void {
  const tone = new OscillatorNode(audio, { type: "sine", frequency: hertz });
  const gain = new GainNode(audio, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(loudness, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + NOTE_SECONDS);
  tone.connect(gain).connect(audio.destination);
  tone.start(at);
  tone.stop(at + NOTE_SECONDS);
}

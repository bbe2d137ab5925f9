import { useState } from "preact/hooks";
import { coordinates, fileSize, mapLink } from "../format";
import { texts } from "../messages";
import type { Attachment, FileAttachment, Place } from "../types";

/** What came or went with a message. Files come from this house alone, and a browser does no harm with them. */
export function Attachments(props: { attachments: Attachment[]; retry: (position: number) => void }) {
  return (
    <>
      {props.attachments.map((one, at) =>
        one.kind === "location" ? (
          <PlaceView key={at} place={one} />
        ) : (
          <FileView key={at} file={one} retry={() => props.retry(at)} />
        ),
      )}
    </>
  );
}

/** A place: its name, its numbers, and a way to a map. Nothing is loaded from there. */
function PlaceView({ place: one }: { place: Place }) {
  const href = mapLink(one);
  return (
    <p class="attachment" dir="auto">
      <strong>{one.label ?? texts.attachment.location}</strong>
      {one.address && <span>{one.address}</span>}
      {href && (
        <span>
          {coordinates(one)}{" "}
          <a href={href} target="_blank" rel="noopener noreferrer">
            {texts.openMap}
          </a>
        </span>
      )}
    </p>
  );
}

function FileView({ file, retry }: { file: FileAttachment; retry: () => void }) {
  const kind = texts.attachment[file.kind];
  if (file.state === "fetching") return <p class="attachment attachment-waits">{texts.attachment.fetching(kind)}</p>;
  const url = ownAddress(file.url);
  if (file.state === "failed" || !url) {
    return (
      <p class="attachment attachment-failed">
        {texts.attachment.failed(kind)}
        <button type="button" class="small" onClick={retry}>
          {texts.again}
        </button>
      </p>
    );
  }
  const label = file.name ?? kind;
  if (file.kind === "image") return <Picture url={url} label={label} />;
  if (file.kind === "audio") return <audio controls preload="none" src={url} aria-label={label} />;
  if (file.kind === "video") return <video controls preload="none" src={url} aria-label={label} />;
  return (
    <p class="attachment attachment-file" dir="auto">
      <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
        <path d="M6 2.75h8.25L19 7.5v13.75H6zM14 3v5h5" fill="none" stroke="currentColor" stroke-width="1.5" />
      </svg>
      <span>
        <a href={url} download={file.name ?? ""}>
          {label}
        </a>
        <small>{[typeName(file), file.size === null ? "" : fileSize(file.size)].filter(Boolean).join(" · ")}</small>
      </span>
    </p>
  );
}

/** A picture, that a click makes as large as there is room for, where it stands. */
function Picture({ url, label }: { url: string; label: string }) {
  const [isLarge, setLarge] = useState(false);
  return (
    <button
      type="button"
      class={isLarge ? "picture picture-large" : "picture"}
      aria-expanded={isLarge}
      title={isLarge ? texts.attachment.smaller : texts.attachment.larger}
      onClick={() => setLarge(!isLarge)}
    >
      <img src={url} alt={label} loading="lazy" />
    </button>
  );
}

/** “PDF” of `application/pdf`. */
function typeName(file: FileAttachment): string {
  const end = /\.(\w{2,5})$/u.exec(file.name ?? "")?.[1] ?? file.content_type?.split("/")[1] ?? "";
  return end.length <= 5 ? end.toUpperCase() : "";
}

/** Files are served by this house alone: any other address is not followed. */
function ownAddress(url: string | null): string | null {
  if (!url) return null;
  try {
    const whole = new URL(url, location.href);
    return whole.origin === location.origin ? whole.href : null;
  } catch {
    return null;
  }
}

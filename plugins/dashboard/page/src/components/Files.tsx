import { useEffect, useRef, useState } from "preact/hooks";
import { fileSize } from "../format";
import { texts } from "../messages";
import { Icon } from "./icons";

/** The button that asks for files. */
export function FilesButton({ onChoose }: { onChoose: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        type="file"
        ref={input}
        class="hidden"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          onChoose([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <button
        type="button"
        class="plain icon-button"
        aria-label={texts.files.attach}
        title={texts.files.attach}
        onClick={() => input.current?.click()}
      >
        <Icon name="clip" />
      </button>
    </>
  );
}

/** What goes with the reply, to be looked at before it leaves. */
export function ChosenFiles({ files, onRemove }: { files: File[]; onRemove: (file: File) => void }) {
  return (
    <ul class="chosen-files" aria-label={texts.files.list}>
      {files.map((file, at) => (
        <li key={`${file.name}|${file.size}|${at}`}>
          {file.type.startsWith("image/") ? <Preview file={file} /> : <Icon name="clip" />}
          <span class="chosen-name" dir="auto">
            {file.name}
          </span>
          <small>{fileSize(file.size)}</small>
          <button
            type="button"
            class="stop"
            aria-label={texts.files.remove(file.name)}
            title={texts.files.remove(file.name)}
            onClick={() => onRemove(file)}
          >
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A picture from this machine. It is read here: the page's policy lets pictures come from nowhere but the house. */
function Preview({ file }: { file: File }) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    const reader = new FileReader();
    reader.onload = () => setUrl(String(reader.result));
    reader.readAsDataURL(file);
    return () => reader.abort();
  }, [file]);
  return url ? <img src={url} alt={texts.attachment.image} onError={() => setUrl("")} /> : <Icon name="clip" />;
}

/** Let an area take files that are dropped on it, or pasted in it; returns how to stop that. */
export function takesFiles(area: HTMLElement, take: (files: File[]) => void): () => void {
  const over = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    area.classList.add("takes-files");
  };
  const left = (event: DragEvent): void => {
    if (!area.contains(event.relatedTarget as Node | null)) area.classList.remove("takes-files");
  };
  const took = (event: Event, files: FileList | undefined): void => {
    area.classList.remove("takes-files");
    if (!files?.length) return;
    event.preventDefault();
    take([...files]);
  };
  const dropped = (event: DragEvent): void => took(event, event.dataTransfer?.files);
  const pasted = (event: ClipboardEvent): void => took(event, event.clipboardData?.files);
  area.addEventListener("dragover", over);
  area.addEventListener("dragleave", left);
  area.addEventListener("drop", dropped);
  area.addEventListener("paste", pasted);
  return () => {
    area.removeEventListener("dragover", over);
    area.removeEventListener("dragleave", left);
    area.removeEventListener("drop", dropped);
    area.removeEventListener("paste", pasted);
  };
}

// The search of the documentation: looks through find/pages.js, so that it works from a disk, without a server.
document.addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("find-words");
  if (!field) return;
  const score = (page, words) => {
    const [title, , text] = page.map((part) => part.toLowerCase());
    let total = 0;
    for (const word of words) {
      const often = text.split(word).length - 1;
      if (!often) return 0;
      total += Math.log(1 + often) + (title.includes(word) ? 5 : 0);
    }
    return total;
  };
  const shown = ([title, address, text], word) => {
    const line = document.createElement("li"), link = document.createElement("a"), about = document.createElement("p");
    const at = Math.max(text.toLowerCase().indexOf(word) - 60, 0);
    link.href = address;
    link.textContent = title;
    about.textContent = "… " + text.slice(at, at + 180) + " …";
    line.append(link, about);
    return line;
  };
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/[^\p{L}\p{N}_.]+/u).filter((word) => word.length > 1);
    const hits = words.length
      ? PAGES.map((page) => [score(page, words), page]).filter(([s]) => s > 0).sort((a, b) => b[0] - a[0])
      : [];
    document.getElementById("find-count").textContent = words.length ? `${hits.length} places` : "";
    document.getElementById("find-hits").replaceChildren(...hits.slice(0, 20).map(([, page]) => shown(page, words[0])));
  });
  field.focus();
});

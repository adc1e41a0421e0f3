"""One class asked for what the other one has, and methods that are gone."""

from ..texts import Bilingual
from .entry import YES, Entry

# Methods of models that older tutorials call and transformers 5 no longer has.
_GONE = (
    "greedy_search|contrastive_search|beam_search|beam_sample|group_beam_search|constrained_beam_search|sample|"
    "prune_heads|get_head_mask|parallelize|deparallelize|adjust_logits_during_generation|_attn|_split_heads|_merge_heads"
)

ENTRIES = (
    Entry(
        slug="base-output-has-no-logits",
        sign="'BaseModelOutputWithPastAndCrossAttentions' object has no attribute 'logits'",
        pattern=r"'BaseModelOutput\w*' object has no attribute '(?:logits|loss)'|^KeyError: '(?:logits|loss)'",
        matters=YES,
        meaning=Bilingual(
            "The base model (`GPT2Model`) returns hidden states. Logits and loss come from the LM head, which only "
            "`GPT2LMHeadModel` has.",
            "基礎模型（`GPT2Model`）回傳的是隱藏狀態。logits 和損失要靠 LM head，只有 `GPT2LMHeadModel` 才有。",
        ),
        remedy=Bilingual(
            "Load the same checkpoint with the class that has the head (lessons 2 and 4).",
            "用有 LM head 的類別載入同一個檢查點（第 2、4 課）。",
        ),
        code="model = GPT2LMHeadModel.from_pretrained(CHECKPOINT)\nlogits = model(**inputs).logits",
        kinds=("AttributeError", "KeyError"),
    ),
    Entry(
        slug="lm-output-has-no-hidden-state",
        sign="'CausalLMOutputWithCrossAttentions' object has no attribute 'last_hidden_state'",
        pattern=r"'(?:CausalLM|SequenceClassifier|TokenClassifier|QuestionAnswering)\w*' object has no attribute "
        r"'(?:last_hidden_state|pooler_output)'|^KeyError: '(?:last_hidden_state|pooler_output)'",
        matters=YES,
        meaning=Bilingual(
            "A model with a head returns what the head computed. Its hidden states are only there when they are asked "
            "for, and `last_hidden_state` is the base model's name for the last of them.",
            "帶輸出層的模型回傳輸出層算出的結果。隱藏狀態要另外要求才有，而 `last_hidden_state` 是基礎模型才用的名稱。",
        ),
        remedy=Bilingual(
            "Ask the base inside, or ask for all hidden states and take the last (lesson 4).",
            "改問裡面的基礎模型，或要求所有的隱藏狀態，再取最後一項（第 4 課）。",
        ),
        code="states = model.transformer(**inputs).last_hidden_state\n"
        "states = model(**inputs, output_hidden_states=True).hidden_states[-1]",
        kinds=("AttributeError", "KeyError"),
    ),
    Entry(
        slug="output-unpacked-like-a-tuple",
        sign="string indices must be integers, not 'tuple'",
        pattern=r"string indices must be integers, not 'tuple'|'str' object has no attribute "
        r"'(?:get_seq_length|softmax|log_softmax|argmax|topk|logits|backward)'",
        matters=YES,
        meaning=Bilingual(
            "`logits, cache = model(ids)` is how outputs were taken apart long ago. An output is a dictionary by now: "
            "unpacked, it gives its names, which are texts.",
            "`logits, cache = model(ids)` 是很久以前的寫法。現在的輸出是字典，拆開來得到的是欄位的名稱，也就是字串。",
        ),
        remedy=Bilingual(
            "Take each part by its name.",
            "用名稱取出需要的部分。",
        ),
        code="output = model(**inputs, use_cache=True)\nlogits, cache = output.logits, output.cache",
        kinds=("TypeError", "AttributeError"),
    ),
    Entry(
        slug="pipeline-over-a-base-model",
        sign="'TextGenerationPipeline' object has no attribute 'assistant_model'",
        pattern=r"'TextGenerationPipeline' object has no attribute 'assistant_model'",
        matters=YES,
        meaning=Bilingual(
            "A pipeline that generates text was given a base model, which has no LM head and cannot generate. The "
            "message is about something else.",
            "負責生成文字的 pipeline 收到的是基礎模型，它沒有 LM head，不能生成文字。這則訊息提到的是另一件事。",
        ),
        remedy=Bilingual(
            "Give it a `GPT2LMHeadModel` of the same checkpoint.",
            "改傳入同一個檢查點的 `GPT2LMHeadModel`。",
        ),
        code='pipeline("text-generation", model=GPT2LMHeadModel.from_pretrained(CHECKPOINT), tokenizer=tokenizer)',
        kinds=("AttributeError",),
    ),
    Entry(
        slug="part-lies-in-the-base",
        sign="'GPT2LMHeadModel' object has no attribute 'wte'",
        pattern=r"'GPT2(?:LMHead|DoubleHeads|For\w+)\w*' object has no attribute '(?:wte|wpe|h|ln_f|drop)'",
        matters=YES,
        meaning=Bilingual(
            "Embeddings, blocks and the last layer norm belong to the base model, which a model with a head keeps under "
            "the name `transformer`.",
            "嵌入、區塊和最後的層正規化都屬於基礎模型；帶輸出層的模型把基礎模型放在 `transformer` 這個名稱之下。",
        ),
        remedy=Bilingual(
            "Go through `transformer`.",
            "經由 `transformer` 取得。",
        ),
        code="model.transformer.wte",
        kinds=("AttributeError",),
    ),
    Entry(
        slug="base-has-no-transformer",
        sign="'GPT2Model' object has no attribute 'transformer'",
        pattern=r"'GPT2Model' object has no attribute '(?:transformer|score)'",
        matters=YES,
        meaning=Bilingual(
            "`transformer` is the name under which a model with a head keeps its base. This is the base itself.",
            "`transformer` 是帶輸出層的模型用來放基礎模型的名稱，而這個模型本身就是基礎模型。",
        ),
        remedy=Bilingual(
            "Leave the name out: the parts lie in the model directly.",
            "拿掉這個名稱，各部分就直接放在模型裡。",
        ),
        code="base = GPT2Model.from_pretrained(CHECKPOINT)\nbase.wte",
        kinds=("AttributeError",),
    ),
    Entry(
        slug="generate-returns-ids",
        sign="'Tensor' object has no attribute 'logits'",
        pattern=r"'Tensor' object has no attribute '(?:logits|sequences|scores|loss|last_hidden_state|hidden_states|input_ids)'",
        matters=YES,
        meaning=Bilingual(
            "`generate()` returns a tensor of token ids, prompt and new tokens, and nothing else. And where a tensor was "
            "taken out of an output once, it cannot be taken out again.",
            "`generate()` 只回傳 token 編號的張量，也就是提示詞加上新的 token，沒有別的欄位。另外，已經從輸出取出的張量，不能再取一次。",
        ),
        remedy=Bilingual(
            "Ask `generate` for the whole output.",
            "要求 `generate` 回傳完整的輸出。",
        ),
        code="output = model.generate(**inputs, max_new_tokens=5, return_dict_in_generate=True, output_logits=True)\n"
        "output.sequences, output.logits",
        kinds=("AttributeError",),
    ),
    Entry(
        slug="method-left-the-library",
        sign="'GPT2LMHeadModel' object has no attribute 'greedy_search'",
        pattern=rf"'GPT2\w+' object has no attribute '(?:{_GONE})'",
        matters=YES,
        meaning=Bilingual(
            "Older tutorials call this method; transformers 5 has it no more. `generate()` does what the searches did, "
            "`device_map` what `parallelize` did, and a head is switched off by a hook (lesson 4).",
            "舊教學會呼叫這個方法，transformers 5 已經沒有了。各種搜尋改用 `generate()`，`parallelize` 改用 `device_map`，"
            "要關掉注意力頭則用 hook（第 4 課）。",
        ),
        remedy=Bilingual(
            "For generating, call `generate()` and choose the strategy by its arguments (lesson 3).",
            "要生成文字，就呼叫 `generate()`，用引數選擇策略（第 3 課）。",
        ),
        code="model.generate(**inputs, do_sample=False, max_new_tokens=20)",
        kinds=("AttributeError",),
    ),
    Entry(
        slug="tensor-in-place-of-a-number",
        sign="only one element tensors can be converted to Python scalars",
        pattern=r"only one element tensors can be converted to Python scalars"
        r"|a Tensor with \d+ elements cannot be converted to Scalar"
        r"|only integer tensors of a single element can be converted to an index",
        matters=YES,
        meaning=Bilingual(
            "One number is wanted here, and the tensor has many, such as the logits of a whole vocabulary.",
            "這裡需要一個數字，張量卻有很多個，例如整個詞彙表的 logits。",
        ),
        remedy=Bilingual(
            "Choose the one that you want first, then take it out with `.item()`.",
            "先選出要的那一個，再用 `.item()` 取出來。",
        ),
        code="with torch.no_grad():\n    next_id = model(**inputs).logits[0, -1].argmax().item()",
        kinds=("ValueError", "RuntimeError", "TypeError"),
    ),
    Entry(
        slug="truth-of-a-tensor",
        sign="Boolean value of Tensor with more than one value is ambiguous",
        pattern=r"Boolean value of Tensor with more than one value is ambiguous",
        matters=YES,
        meaning=Bilingual(
            "`if` and `assert` need one True or False, and comparing tensors gives one for each number.",
            "`if` 和 `assert` 需要一個 True 或 False，而比較兩個張量，每個數字各得到一個。",
        ),
        remedy=Bilingual(
            "Say whether all or any of them count; for floating-point numbers take `torch.allclose`.",
            "指明要全部成立，還是有一個成立就好；浮點數請用 `torch.allclose`。",
        ),
        code="assert (input_ids == input_ids).all()",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="tokenizer-wants-text",
        sign="text input must be of type `str` (single example)",
        pattern=r"text input must be of type `str` \(single example\)",
        matters=YES,
        meaning=Bilingual(
            "The tokenizer turns text into ids, and what it got is no text: perhaps ids, which are its result.",
            "tokenizer 把文字變成編號，收到的卻不是文字，也許是已經切好的編號。",
        ),
        remedy=Bilingual(
            "Give it a text or a list of texts; to get back to the text, `decode` the ids.",
            "請傳入一段文字，或文字的 list；要把編號變回文字，就用 `decode`。",
        ),
        code="text = tokenizer.decode(input_ids[0])",
        kinds=("ValueError",),
    ),
    Entry(
        slug="decode-wants-ids",
        sign="Can't extract `str` to `Vec`",
        pattern=r"Can't extract `str` to `Vec`",
        matters=YES,
        meaning=Bilingual(
            "`decode` turns ids into text, and what it got is a text already.",
            "`decode` 把編號變成文字，收到的卻已經是文字。",
        ),
        remedy=Bilingual(
            "Give it ids, one row of them.",
            "請傳入一列編號。",
        ),
        code="text = tokenizer.decode(input_ids[0])",
        kinds=("TypeError",),
    ),
    Entry(
        slug="encoding-is-no-tensor",
        sign="Could not infer dtype of tokenizers.Encoding",
        pattern=r"Could not infer dtype of tokenizers\.Encoding",
        matters=YES,
        meaning=Bilingual(
            "What the tokenizer returns is a dictionary of several parts, not the ids alone.",
            "tokenizer 回傳的是字典，裡面有好幾個部分，不只是編號。",
        ),
        remedy=Bilingual(
            "Let the tokenizer make the tensors itself.",
            "讓 tokenizer 直接做成張量。",
        ),
        code='input_ids = tokenizer(texts[0], return_tensors="pt").input_ids',
        kinds=("RuntimeError",),
    ),
)
